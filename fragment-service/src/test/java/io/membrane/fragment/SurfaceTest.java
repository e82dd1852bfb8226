package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.fragment.store.FragmentMetric;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import tools.jackson.databind.JsonNode;

/** What operators and client generators look at. */
class SurfaceTest extends RunningService {

  @Autowired private MeterRegistry meters;

  @Test
  void theOpenApiDocumentNamesEveryCallAndHeader() throws IOException {
    JsonNode paths = FragmentHttp.json(http.send(http.request("/v3/api-docs").GET())).path("paths");
    assertThat(paths.propertyNames())
        .contains(
            "/v1/fragments/{hash}/{slice}",
            "/v1/fragments/exists",
            "/v1/fragments/batch-get",
            "/v1/fragments/batch-put",
            "/v1/fragments/prefetch",
            "/v1/pins/{name}",
            "/v1/uploads",
            "/v1/uploads/{id}",
            "/v1/inventory",
            "/v1/transfers",
            "/v1/transfers/{id}",
            "/v1/tenants/{tenant}/policy",
            "/v1/tenants/{tenant}/usage");
    JsonNode one = paths.path("/v1/fragments/{hash}/{slice}");
    assertThat(one.propertyNames()).containsExactlyInAnyOrder("get", "head", "put", "delete");
    assertThat(one.path("put").path("parameters").findValuesAsString("name"))
        .contains("Membrane-Namespace", "Membrane-Parent", "Membrane-Token-Span", "Repr-Digest");
    assertThat(paths.path("/v1/uploads").path("post").path("parameters").findValuesAsString("name"))
        .contains("Membrane-Fragment", "Membrane-Namespace", "Upload-Complete", "Upload-Length");
    JsonNode upload = paths.path("/v1/uploads/{id}");
    assertThat(upload.propertyNames()).contains("head", "patch", "delete");
    assertThat(upload.path("patch").path("parameters").findValuesAsString("name"))
        .contains("Upload-Offset", "Upload-Complete", "Repr-Digest");
  }

  @Test
  void everyMetricOfTheEnumExistsOnceItHappened() throws IOException {
    byte[] body = Seeds.bytes(new Random(23), 100);
    http.put(FragmentHttp.key(new Random(23)), body);
    http.get(FragmentHttp.key(new Random(23)));
    for (FragmentMetric metric : FragmentMetric.values()) {
      assertThat(meters.find(metric.meter()).meters()).as(metric.meter()).isNotEmpty();
    }
  }

  @Test
  void theServiceIsReadyAndAliveWhileRedisAnswers() throws IOException {
    for (String group : new String[] {"", "/readiness", "/liveness"}) {
      assertThat(http.send(http.request("/actuator/health" + group).GET()).statusCode())
          .isEqualTo(200);
    }
    assertThat(http.send(http.request("/actuator/env").GET()).statusCode()).isEqualTo(404);
  }
}
