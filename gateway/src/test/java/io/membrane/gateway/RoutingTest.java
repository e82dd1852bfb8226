package io.membrane.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.FaultProxy;
import io.membrane.rpc.WireJson;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoutingTest extends GatewayTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "POST /v1/directory/match directory-service",
        "POST /v1/namespaces/resolve directory-service",
        "GET /v1/nodes directory-service",
        "PUT /v1/engines/e1 directory-service",
        "POST /register directory-service",
        "POST /unregister directory-service",
        "GET /workers?model_name=m directory-service",
        "GET /services directory-service",
        "GET /dump directory-service",
        "POST /query directory-service",
        "POST /query_by_hash directory-service",
        "PUT /v1/nodes/n1 directory-service",
        "GET /v1/placement/ab?replicas=2 directory-service",
        "PUT /v1/fragments/ab/attn.0-1.0of1 fragment-service",
        "HEAD /v1/fragments/ab/attn.0-1.0of1 fragment-service",
        "POST /v1/fragments/exists fragment-service",
        "PUT /v1/pins/p fragment-service",
        "PATCH /v1/uploads/u fragment-service",
        "GET /v1/inventory fragment-service",
        "POST /v1/transfers fragment-service",
        "GET /v1/tenants/t/usage fragment-service",
        "PUT /memory/vllm_kv/BlockHashType(hash_value=1,%20token_ids=(2,+3)):meta@x fragment-service",
        "DELETE /memory/vllm_kv fragment-service",
        "POST /v1/contexts reconstruction-service",
        "GET /v1/contexts/1/explanation reconstruction-service",
        "GET /v1/sessions/1 reconstruction-service",
        "GET /v1/transfer-blocks/a-b.c-d reconstruction-service",
        "POST /v1/routes scheduler-service",
        "POST /v1/telemetry scheduler-service",
        "GET /v1/scheduler/state scheduler-service",
        "POST /v1/plans scheduler-service",
        "POST /v1/simulations scheduler-service",
        "GET /v1/simulations/1/events scheduler-service",
        "GET /v1/profiles scheduler-service",
        "POST /v1/traces scheduler-service",
        "DELETE /v1/traces/1 scheduler-service",
        "POST /v1/prefill compute-worker",
        "GET /v1/models compute-worker",
        "POST /v1/tokenize compute-worker",
        "POST /v1/embeddings compute-worker",
        "GET /v1/profile compute-worker",
      })
  void everyCallReachesItsService(String method, String uri, String service) {
    var body =
        method.equals("GET") || method.equals("HEAD")
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString("{}");

    HttpResponse<String> answer = send(request(uri).method(method, body));

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(backend(service).seen())
        .singleElement()
        .satisfies(seen -> {
          assertThat(seen.method()).isEqualTo(method);
          assertThat(seen.uri()).isEqualTo(uri);
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/placement/a%20b?replicas=2&x=%C3%A4",
        "/v1/placement/a:b(c),d=e+f@g?q=a+b%2Fc",
        "/v1/placement/%3A%25?flag",
        "/v1/placement/x?a=1&a=2&b=",
        "/v1/placement/%252e%252e",
      })
  void pathAndQueryArriveAsTheyWereSent(String uri) {
    assertThat(get(uri).body()).isEqualTo("directory-service " + uri);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/unknown",
        "/v1",
        "/v1/fragmentsandmore",
        "/v2/fragments/a",
        "/index",
        "/v1/peers/stored",
      })
  void anUnknownPathIsNotFound(String path) {
    HttpResponse<String> answer = get(path);

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(problem(answer).code()).isEqualTo("not_found");
  }

  @Test
  void theFrontDoorNamesVersionServicesAndDocuments() {
    var overview = WireJson.mapper().readTree(get("/").body());

    assertThat(overview.get("version").asString()).isNotBlank();
    assertThat(overview.at("/services/fragment-service/api_docs").asString())
        .isEqualTo("/v3/api-docs/fragment-service");
    assertThat(overview.at("/services").size()).isEqualTo(5);
    assertThat(overview.get("anonymous").asBoolean()).isTrue();
  }

  @Test
  void theFrontDoorIsReadOnly() {
    HttpResponse<String> answer =
        send(request("/").POST(HttpRequest.BodyPublishers.ofString("{}")));

    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(problem(answer).code()).isEqualTo("method_not_allowed");
  }

  @Test
  void openApiDocumentsOfGatewayAndServicesAreServed() {
    assertThat(WireJson.mapper().readTree(get("/v3/api-docs").body()).get("openapi")).isNotNull();
    assertThat(get("/v3/api-docs/scheduler-service").body())
        .isEqualTo("scheduler-service /v3/api-docs");
    assertThat(get("/v3/api-docs/no-service").statusCode()).isEqualTo(404);
  }

  @Test
  void healthShowsTheServicesAndReadinessDoesNotDependOnThem() {
    backend("compute-worker").fails(new FaultProxy.Fault.Refuse());

    var health = WireJson.mapper().readTree(manage("/actuator/health").body());

    assertThat(health.at("/components/services/components/compute-worker/status").asString())
        .isEqualTo("DOWN");
    assertThat(health.at("/components/services/components/fragment-service/status").asString())
        .isEqualTo("UP");
    assertThat(health.at("/components").has("discoveryComposite")).isFalse();
    assertThat(manage("/actuator/health/readiness").statusCode()).isEqualTo(200);
    assertThat(manage("/actuator/health/liveness").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/actuator", "/actuator/health", "/actuator/prometheus", "/actuator/env"})
  void managementIsNotOnThePublicPort(String path) {
    assertThat(get(path).statusCode()).isEqualTo(404);
  }

  @Test
  void metricsCountWhatGoesThrough() {
    send(request("/v1/prefill").POST(HttpRequest.BodyPublishers.ofString("x".repeat(1000))));

    assertThat(manage("/actuator/prometheus").body())
        .containsPattern("membrane_gateway_request_bytes_total\\{service=\"compute-worker\"} [1-9]")
        .contains("membrane_gateway_answer_bytes_total")
        .contains("membrane_gateway_broken_answers_total");
  }
}
