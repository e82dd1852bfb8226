package io.membrane.fragment.hot;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.connector.RawClient;
import io.membrane.fragment.connector.RunningTomcat;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.catalina.LifecycleException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many connections at once against arrays that hold the same bytes. */
class ConcurrentReadTest {

  private static final int CONNECTIONS = 32;
  private static final int READS = 60;
  private static final int FRAGMENTS = 12;

  @TempDir private Path folder;

  @SuppressWarnings("ArrayRecordComponent") // read, never compared
  private record Known(FragmentKey key, byte[] bytes) {}

  @Test
  void anyRangeOfAnyFragmentAndTheWholeOfItAreWhatWasStored()
      throws LifecycleException, InterruptedException, ExecutionException {
    Random random = new Random(11);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (MemoryOfFragments memory = new MemoryOfFragments()) {
      List<Known> all = new ArrayList<>();
      for (int i = 0; i < FRAGMENTS; i++) {
        FragmentKey key = new FragmentKey(Seeds.hash(random), Slice.attention(1 + i));
        byte[] bytes = Seeds.bytes(random, 1 + random.nextInt(1 << (10 + i)));
        memory.keep("default", key, bytes);
        all.add(new Known(key, bytes));
      }
      FragmentReadValve valve =
          new FragmentReadValve(memory, o -> Timer.builder(o.tag()).register(meters), () -> false);
      try (RunningTomcat tomcat =
              new RunningTomcat(folder)
                  .start((request, response) -> response.setStatus(299), valve);
          ExecutorService callers = Executors.newFixedThreadPool(CONNECTIONS)) {
        List<Future<?>> ends = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
          long seed = i;
          ends.add(
              callers.submit(() -> {
                read(tomcat.port(), all, new Random(seed));
                return null;
              }));
        }
        for (Future<?> end : ends) {
          end.get();
        }
      }
      assertThat(meters.get(ReadOutcome.PART.tag()).timer().count())
          .isEqualTo((long) CONNECTIONS * READS);
      assertThat(meters.get(ReadOutcome.WHOLE.tag()).timer().count())
          .isEqualTo((long) CONNECTIONS * READS);
      all.forEach(known -> memory.forget("default", known.key()));
      assertThat(memory.offHeap().leaks()).isZero();
      assertThat(memory.offHeap().usedBytes()).isZero();
    }
  }

  private static void read(int port, List<Known> all, Random random) throws IOException {
    try (RawClient client = RawClient.to(port)) {
      for (int i = 0; i < READS; i++) {
        Known known = all.get(random.nextInt(all.size()));
        int from = random.nextInt(known.bytes().length);
        int to = from + random.nextInt(known.bytes().length - from);
        assertThat(
                client
                    .ask("GET", "/v1/fragments/" + known.key(), "Range: bytes=" + from + "-" + to)
                    .body())
            .isEqualTo(Arrays.copyOfRange(known.bytes(), from, to + 1));
      }
      for (int i = 0; i < READS; i++) {
        Known known = all.get(random.nextInt(all.size()));
        assertThat(client.ask("GET", "/v1/fragments/" + known.key()).body())
            .isEqualTo(known.bytes());
      }
    }
  }
}
