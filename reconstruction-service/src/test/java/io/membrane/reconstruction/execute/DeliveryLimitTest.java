package io.membrane.reconstruction.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.springframework.http.StreamingHttpOutputMessage;

class DeliveryLimitTest {

  @Test
  void oneDeliveryTooManyIsTurnedAwayAndTheNextIsServed()
      throws InterruptedException, ExecutionException, TimeoutException, IOException {
    Delivery delivery = new Delivery(new NothingToFetch(), 1024, 1);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> slow =
          threads.submit(() -> delivery.deliver(List.of(), null, () -> slowSink(begun, goOn)));
      assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();

      assertThatExceptionOfType(MembraneException.class)
          .isThrownBy(() -> delivery.deliver(List.of(), null, ByteArrayOutputStream::new))
          .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));

      goOn.countDown();
      assertThat(slow.get(10, TimeUnit.SECONDS)).isZero();
    }
    assertThat(delivery.deliver(List.of(), null, ByteArrayOutputStream::new)).isZero();
  }

  private static ByteArrayOutputStream slowSink(CountDownLatch begun, CountDownLatch goOn)
      throws IOException {
    begun.countDown();
    try {
      assertThat(goOn.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return new ByteArrayOutputStream();
  }

  private static final class NothingToFetch implements FragmentClient {
    @Override
    public Existence exists(Keys keys) {
      throw new AssertionError("exists");
    }

    @Override
    public void prefetch(Keys keys) {
      throw new AssertionError("prefetch");
    }

    @Override
    public InputStream batchGet(Keys keys) {
      throw new AssertionError("batch-get");
    }

    @Override
    public InputStream batchPut(StreamingHttpOutputMessage.Body frames) {
      throw new AssertionError("batch-put");
    }
  }
}
