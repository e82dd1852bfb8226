package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.rpc.MembraneException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A store whose numbers are looked at after calls, many of them at once. */
abstract class CountedStore extends StoreOnRedis {

  String outcome(FragmentKey key, byte[] body) {
    try {
      return put(key, body).isNew() ? "NEW" : "SAME";
    } catch (MembraneException e) {
      return e.code().name();
    }
  }

  /** Nothing is left of any fragment. */
  void isEmpty() {
    isConsistent();
    hasBodies(0);
    assertThat(usage()).isEqualTo(new Usage(0, 0));
    assertThat(redis.exists(bytes(RedisKeys.PREFIX + "rank"), bytes(RedisKeys.PREFIX + "expiry")))
        .isZero();
  }

  static <T> List<T> atOnce(List<Callable<T>> work) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<T> results = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(work)) {
        results.add(future.get());
      }
      return results;
    }
  }
}
