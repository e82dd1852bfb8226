package io.membrane.gateway.identity;

import static io.membrane.gateway.identity.Scope.ADMIN;
import static io.membrane.gateway.identity.Scope.ENGINE;
import static io.membrane.gateway.identity.Scope.READ;
import static io.membrane.gateway.identity.Scope.WRITE;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.PathContainer;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * What each call needs. What is not named here needs {@link Scope#ADMIN}, so that a route that was
 * forgotten is closed, not open.
 */
public final class Access {

  private static final List<Rule> RULES =
      List.of(
          rule(null, "GET", "/", "/v3/api-docs", "/v3/api-docs/{service}"),
          rule(null, "POST", "/v1/fragment-tokens"),
          rule(ADMIN, "GET POST", "/v1/keys"),
          rule(ADMIN, "GET DELETE", "/v1/keys/{id}"),

          // directory-service
          rule(READ, "POST", "/v1/directory/match", "/v1/directory/locate"),
          rule(READ, "POST", "/v1/directory/chunks/search", "/v1/namespaces/resolve"),
          rule(READ, "GET", "/v1/directory/blocks/{hash}", "/v1/directory/blocks/{hash}/related"),
          rule(READ, "GET", "/v1/directory/contexts/{session}", "/v1/placement/{hash}"),
          rule(READ, "GET", "/v1/nodes", "/v1/engines", "/v1/engines/{id}"),
          rule(READ, "GET", "/workers", "/services"),
          rule(READ, "POST", "/query", "/query_by_hash"),
          rule(WRITE, "PUT", "/v1/directory/contexts/{session}"),
          rule(WRITE, "POST", "/v1/directory/chunks"),
          rule(ENGINE, "POST", "/v1/directory/events", "/register", "/unregister"),
          rule(ENGINE, "PUT DELETE", "/v1/nodes/{id}", "/v1/engines/{id}"),
          rule(ENGINE, "GET", "/dump"),
          rule(ADMIN, "GET", "/v1/directory/feed"),

          // fragment-service
          rule(READ, "POST", "/v1/fragments/exists", "/v1/fragments/batch-get"),
          rule(READ, "POST", "/v1/fragments/prefetch"),
          rule(WRITE, "POST", "/v1/fragments/batch-put"),
          rule(READ, "GET", "/v1/fragments/{hash}/{slice}", "/memory/{namespace}/{*key}"),
          rule(WRITE, "PUT DELETE", "/v1/fragments/{hash}/{slice}"),
          rule(ADMIN, "DELETE", "/memory/{namespace}"),
          rule(WRITE, "PUT DELETE", "/memory/{namespace}/{*key}", "/v1/pins/{name}"),
          rule(WRITE, "POST OPTIONS", "/v1/uploads"),
          rule(WRITE, "GET PATCH DELETE", "/v1/uploads/{id}"),
          rule(READ, "GET POST", "/v1/inventory"),
          rule(READ, "GET", "/v1/transfers", "/v1/transfers/{id}"),
          rule(ENGINE, "POST", "/v1/transfers"),
          rule(ENGINE, "DELETE", "/v1/transfers/{id}"),
          rule(READ, "GET", "/v1/tenants/{tenant}/usage", "/v1/tenants/{tenant}/policy"),
          rule(ADMIN, "PUT", "/v1/tenants/{tenant}/policy"),

          // reconstruction-service
          rule(WRITE, "POST", "/v1/contexts"),
          rule(READ, "POST", "/v1/contexts/plan"),
          rule(READ, "GET", "/v1/contexts/{id}/explanation", "/v1/sessions/{id}"),

          // scheduler-service
          rule(READ, "POST", "/v1/routes", "/v1/plans"),
          rule(READ, "GET", "/v1/scheduler/state", "/v1/profiles"),
          rule(ENGINE, "POST", "/v1/telemetry"),
          rule(WRITE, "POST", "/v1/simulations", "/v1/traces"),
          rule(READ, "GET", "/v1/simulations", "/v1/simulations/{id}", "/v1/traces/{id}"),
          rule(READ, "GET", "/v1/simulations/{id}/events"),
          rule(WRITE, "DELETE", "/v1/simulations/{id}", "/v1/traces/{id}"),

          // compute-worker
          rule(WRITE, "POST", "/v1/prefill", "/v1/embeddings"),
          rule(READ, "POST", "/v1/tokenize"),
          rule(READ, "GET", "/v1/models", "/v1/profile", "/v1/transfer-blocks/{id}"));

  private static final String ATTRIBUTE = Need.class.getName();
  private static final String UNKNOWN = "(unknown)";
  private static final int REFUSED = 400;

  private Access() {}

  /**
   * What a call needs.
   *
   * @param scope null if any caller will do
   * @param route its pattern, or {@code (unknown)}
   * @param tenant whom the path names, or null
   */
  public record Need(@Nullable Scope scope, String route, @Nullable String tenant) {

    /** Why {@code caller} may not do it; empty if it may. */
    Optional<Refusal> refusal(Caller caller) {
      if (scope != null && !caller.may(scope)) {
        return Optional.of(Refusal.SCOPE_MISSING);
      }
      boolean isForeign = tenant != null && !tenant.equals(caller.tenant());
      return isForeign && !caller.may(ADMIN)
          ? Optional.of(Refusal.FOREIGN_TENANT)
          : Optional.empty();
    }

    /** Whether it is to be found in the audit log; what leads nowhere only if it was an act. */
    boolean isAdministrative(int status) {
      return scope == ADMIN && (!route.equals(UNKNOWN) || status < REFUSED);
    }
  }

  /** What a request needs; found out once. */
  static Need of(HttpServletRequest request) {
    if (request.getAttribute(ATTRIBUTE) instanceof Need known) {
      return known;
    }
    Need need = of(request.getMethod(), request.getRequestURI());
    request.setAttribute(ATTRIBUTE, need);
    return need;
  }

  /**
   * What a call needs.
   *
   * @param path as it came, with what is encoded in it
   */
  static Need of(String method, String path) {
    PathContainer parsed;
    try {
      parsed = PathContainer.parsePath(path);
    } catch (IllegalArgumentException e) {
      return new Need(ADMIN, UNKNOWN, null);
    }
    String asked = method.equals("HEAD") ? "GET" : method;
    for (Rule rule : RULES) {
      for (PathPattern pattern : rule.patterns()) {
        PathPattern.PathMatchInfo match =
            rule.methods().contains(asked) ? pattern.matchAndExtract(parsed) : null;
        if (match != null) {
          return new Need(
              rule.scope(), pattern.getPatternString(), match.getUriVariables().get("tenant"));
        }
      }
    }
    return new Need(ADMIN, UNKNOWN, null);
  }

  private record Rule(@Nullable Scope scope, Set<String> methods, List<PathPattern> patterns) {}

  private static Rule rule(@Nullable Scope scope, String methods, String... patterns) {
    return new Rule(
        scope,
        Set.of(methods.split(" ", -1)),
        Arrays.stream(patterns).map(PathPatternParser.defaultInstance::parse).toList());
  }
}
