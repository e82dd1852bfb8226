package io.membrane.scheduler.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.wire.SchedulerClient.RouteRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;

class PlanJsonTest {

  /** The same mapper reads routes: what is read as a double must not become a whole number. */
  @ParameterizedTest
  @ValueSource(strings = {"NaN", "Infinity", "-Infinity", "1.5", "1e3"})
  void whatIsNoWholeNumberIsNoneInOtherRequestsEither(String number) {
    assertThatThrownBy(() ->
            PlanJson.mapper().readValue("{\"total_tokens\": " + number + "}", RouteRequest.class))
        .isInstanceOf(JacksonException.class);
    assertThatThrownBy(() ->
            PlanJson.mapper().readValue("{\"deadline_ms\": " + number + "}", RouteRequest.class))
        .isInstanceOf(JacksonException.class);
  }

  @Test
  void nanIsReadWhereItCanBeRefusedWithItsPlace() {
    PlanRequest request =
        PlanJson.mapper().readValue("{\"workload\": {\"output_tokens\": NaN}}", PlanRequest.class);
    assertThatThrownBy(() -> PlanRequests.resolve(request, Traces.NONE))
        .hasMessageStartingWith("workload.output_tokens: NaN");
    assertThat(PlanJson.mapper().writeValueAsString(PlanRequest.EMPTY)).isEqualTo("{}");
  }
}
