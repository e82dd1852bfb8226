package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.membrane.rpc.WireJson;
import io.membrane.wire.ComputeClient.Profile;
import io.membrane.wire.ComputeClient.ProfileList;
import io.membrane.wire.ComputeClient.ProfilePoint;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.TestPropertySource;

/** A worker that may measure itself for as long as it takes. */
@TestPropertySource(properties = "membrane.worker.profile=10m")
class ProfileTest extends WorkerHttpTest {

  @Test
  void theWorkerMeasuresItselfFromAChunkUpToTheLongestPrompt() {
    await()
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(() -> assertThat(profile().points()).hasSize(7));
    Profile profile = profile();
    assertThat(profile.model()).isEqualTo("tiny-llama");
    assertThat(profile.namespace().blockTokens()).isEqualTo(16);
    assertThat(profile.device()).isEqualTo("cpu");
    assertThat(profile.points())
        .extracting(ProfilePoint::tokens)
        .containsExactly(16, 32, 64, 128, 256, 512, 1024);
    assertThat(profile.points())
        .allSatisfy(point -> {
          assertThat(point.prefillMs()).isPositive();
          assertThat(point.kvBytes()).isEqualTo(point.tokens() * 4L * 2 * 2 * 16 * 4);
        });
  }

  private Profile profile() {
    String body = get("/v1/profile").http().body();
    return WireJson.mapper().readValue(body, ProfileList.class).data().getFirst();
  }
}
