package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.GuardedRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A service whose Redis speaks TLS and asks for a password. */
@ExtendWith(OutputCaptureExtension.class)
class GuardedRedisTest {

  private static final String READY = "/actuator/health/readiness";
  private static final GuardedRedis REDIS = new GuardedRedis();

  @AfterAll
  static void stop() {
    REDIS.close();
  }

  @Test
  void aUserWithTheRightsThatAreNamedIsEnough() {
    try (Service service = new Service(REDIS.propertiesOfUser())) {
      service.awaitReady();
      service.answer(Service.EVENTS, Service.batch("n", "1", "0", "{\"type\": \"cleared\"}"));
    }
  }

  @Test
  void aWrongPasswordLeavesItNotReadyAndIsSaidWithoutThePassword(CapturedOutput output) {
    try (Service service = new Service(REDIS.propertiesWithAnotherPassword())) {
      isNotReady(service);
    }
    assertThat(output).contains("Redis cannot be used until this changes: WRONGPASS");
    assertThat(output).doesNotContain("is-another");
  }

  @Test
  void aWrongCertificateLeavesItNotReadyAndIsSaid(CapturedOutput output) {
    try (Service service = new Service(REDIS.propertiesWithAnotherCertificate())) {
      isNotReady(service);
    }
    assertThat(output).contains("Redis cannot be used until this changes: TLS fails");
  }

  private static void isNotReady(Service service) {
    assertThat(service.get(READY).statusCode()).isEqualTo(503);
    assertThat(service.get("/actuator/health/liveness").statusCode()).isEqualTo(200);
    service.problem(
        503,
        "dependency_unavailable",
        Service.EVENTS,
        Service.batch("n", "1", "0", "{\"type\": \"cleared\"}"));
  }
}
