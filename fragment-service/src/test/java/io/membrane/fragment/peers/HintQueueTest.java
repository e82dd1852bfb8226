package io.membrane.fragment.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.store.FragmentMetric;
import io.membrane.fragment.store.Name;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.http.HttpClient;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class HintQueueTest {

  @Test
  void nobodyWaitsForANodeThatIsGone() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    PeerMeters meters = new PeerMeters(registry);
    Random random = new Random(3);
    try (HttpClient http = HttpClient.newHttpClient()) {
      HintQueue queue = new HintQueue(_ -> null, new HintClient(() -> http, meters), meters);
      for (int i = 0; i < 3 * HintClient.MOST; i++) {
        queue.add("gone", Name.parse("public/" + Seeds.hash(random) + "/" + Slice.attention(4)));
      }
      queue.start();
      Awaitility.await()
          .untilAsserted(() ->
              assertThat(
                      registry
                          .get(FragmentMetric.HINTS.meter())
                          .tag("outcome", "dropped")
                          .counter()
                          .count())
                  .isEqualTo(3.0 * HintClient.MOST));
      queue.stop();
    }
  }
}
