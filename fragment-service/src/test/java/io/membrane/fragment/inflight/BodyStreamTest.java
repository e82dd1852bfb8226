package io.membrane.fragment.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BodyStreamTest {

  private static final int LIMIT = 1 << 20;

  private final InFlight inFlight = new InFlight(LIMIT, Duration.ofMillis(20));

  @Test
  void whatIsReadIsHeldUntilItIsForgotten() throws IOException {
    try (Lease lease = inFlight.reserve(0)) {
      BodyStream body = new BodyStream(new ByteArrayInputStream(new byte[300_000]), lease);
      body.readNBytes(200_000);
      assertThat(inFlight.bytes()).isBetween(200_000L, 300_000L);
      body.forget();
      assertThat(inFlight.bytes()).isZero();
      body.readAllBytes();
      assertThat(inFlight.bytes()).isBetween(100_000L, 200_000L);
    }
    assertThat(inFlight.bytes()).isZero();
  }

  @Test
  void aBodyThatBreaksOffIsTheCallersError() throws IOException {
    InputStream cut = InputStream.nullInputStream();
    cut.close();
    try (Lease lease = inFlight.reserve(0);
        BodyStream body = new BodyStream(cut, lease)) {
      assertThatExceptionOfType(MembraneException.class)
          .isThrownBy(body::readAllBytes)
          .matches(e -> e.code() == ErrorCode.MALFORMED_REQUEST);
    }
  }

  @Test
  void anUploadEndsWithItsDeadline() throws Exception {
    try (Lease lease = inFlight.reserve(0);
        BodyStream body = new BodyStream(new ByteArrayInputStream(new byte[10]), lease)) {
      CallContext.of("default", Duration.ZERO)
          .call(() ->
              assertThatExceptionOfType(MembraneException.class)
                  .isThrownBy(body::readAllBytes)
                  .matches(e -> e.code() == ErrorCode.DEADLINE_EXCEEDED));
    }
  }
}
