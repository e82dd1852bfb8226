package io.membrane.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class CarriedTraceTest {

  private final ObservationRegistry observations = ObservationRegistry.create();

  @Test
  void whatIsCarriedToAnotherThreadBelongsToTheCallersObservation() throws Exception {
    observations.observationConfig().observationHandler(context -> true);
    Observation observation = Observation.start("prompt", observations);
    Callable<Optional<Observation>> work;
    try (Observation.Scope _ = observation.openScope()) {
      work = CallContext.carry(() -> Optional.ofNullable(observations.getCurrentObservation()));
    }
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      assertThat(threads.submit(work).get()).containsSame(observation);
      assertThat(threads.submit(() -> observations.getCurrentObservation()).get()).isNull();
    }
  }
}
