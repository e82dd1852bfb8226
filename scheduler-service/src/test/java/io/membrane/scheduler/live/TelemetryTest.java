package io.membrane.scheduler.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class TelemetryTest {

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "  ", "a\nb", "a\u001b[2Jb", "a\u2028b", "a\u202eb", "a\ud800"})
  void aClusterNameThatCannotBeReadInALogIsRefused(@Nullable String name) {
    assertThatThrownBy(() -> of(name).checked(Instant.EPOCH))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.IMPOSSIBLE_REQUEST);
              assertThat(e.detail()).startsWith("cluster: ");
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"east", "us east 1", "münchen/東京", "gpu\ud83d\ude80"})
  void anyPrintableNameIsTaken(String name) {
    assertThat(of(name).checked(Instant.EPOCH).name()).isEqualTo(name);
  }

  @Test
  void aNameHasUpTo256Characters() {
    assertThat(of("x".repeat(256)).checked(Instant.EPOCH).name()).hasSize(256);
    assertThatThrownBy(() -> of("x".repeat(257)).checked(Instant.EPOCH))
        .isInstanceOf(MembraneException.class);
  }

  private static Telemetry of(@Nullable String cluster) {
    return new Telemetry(
        cluster, null, null, null, null, null, null, null, null, null, null, null, null, null);
  }
}
