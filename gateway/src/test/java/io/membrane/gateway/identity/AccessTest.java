package io.membrane.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.gateway.routing.Service;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessTest {

  @Test
  void everyRouteThatLeadsToAServiceHasARule() {
    List<SourceRoutes.Route> routes = SourceRoutes.all();

    assertThat(routes).hasSizeGreaterThan(60);
    assertThat(routes.stream().filter(AccessTest::isReachable))
        .hasSizeGreaterThan(60)
        .allSatisfy(route ->
            assertThat(Access.of(route.method(), route.example()).route())
                .as(route.toString())
                .isEqualTo(route.path()));
  }

  @Test
  void whatNobodyNamedTakesAnAdministrator() {
    for (String path : List.of("/v1/unknown", "/v1/nodes/a/b", "/V1/nodes", "/v1/nodes/", "*")) {
      assertThat(Access.of("GET", path).scope()).isEqualTo(Scope.ADMIN);
    }
    assertThat(Access.of("FOO", "/v1/nodes").scope()).isEqualTo(Scope.ADMIN);
    assertThat(Access.of("POST", "/v1/nodes").scope()).isEqualTo(Scope.ADMIN);
    assertThat(Access.of("GET", "/v1/%zz").scope()).isEqualTo(Scope.ADMIN);
  }

  @ParameterizedTest
  @CsvSource({
    "HEAD, /v1/fragments/ab/attn.0-1.0of1, READ",
    "GET, /v1/%66ragments/ab/attn.0-1.0of1, READ",
    "POST, /v1/fragments/batch-put, WRITE",
    "PUT, /memory/ns/a:b(c), WRITE",
    "DELETE, /memory/ns, ADMIN",
    "POST, /v1/contexts, WRITE",
    "POST, /v1/contexts/plan, READ",
    "POST, /v1/telemetry, ENGINE",
    "PUT, /v1/nodes/n, ENGINE",
    "PUT, /v1/tenants/t/policy, ADMIN",
    "GET, /v1/directory/feed, ADMIN",
    "GET, /v1/keys, ADMIN",
  })
  void callsTakeTheScopeOfWhatTheyDo(String method, String path, Scope scope) {
    assertThat(Access.of(method, path).scope()).isEqualTo(scope);
  }

  @Test
  void aTenantInThePathIsTheCallersOwnOrTakesAnAdministrator() {
    Access.Need need = Access.of("GET", "/v1/tenants/team-b/usage");

    assertThat(need.refusal(new Caller("team-b", "k", Set.of(Scope.READ)))).isEmpty();
    assertThat(need.refusal(new Caller("team-a", "k", Set.of(Scope.READ))))
        .contains(Refusal.FOREIGN_TENANT);
    assertThat(need.refusal(new Caller("team-a", "k", Set.of(Scope.ADMIN))))
        .contains(Refusal.SCOPE_MISSING);
    assertThat(need.refusal(new Caller("team-a", "k", Set.of(Scope.READ, Scope.ADMIN)))).isEmpty();
    assertThat(need.refusal(Caller.anonymous())).isEmpty();
  }

  private static boolean isReachable(SourceRoutes.Route route) {
    return Stream.of(Service.values())
        .flatMap(service -> Objects.requireNonNull(service).prefixes().stream())
        .anyMatch(prefix -> route.path().equals(prefix) || route.path().startsWith(prefix + "/"));
  }
}
