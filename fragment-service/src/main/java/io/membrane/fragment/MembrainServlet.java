package io.membrane.fragment;

import io.membrane.fragment.connector.DirectOutput;
import io.membrane.fragment.membrain.MembrainPath;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.Description;
import io.membrane.fragment.store.Fragment;
import io.membrane.fragment.store.Values;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.springframework.boot.health.actuate.endpoint.HealthDescriptor;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.contributor.Status;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.filter.ServerHttpObservationFilter;

/**
 * The Membrain protocol: {@code GET}, {@code HEAD}, {@code PUT} and {@code DELETE} of {@code
 * /memory/<namespace>/<key>}, {@code DELETE /memory/<namespace>}, {@code GET /healthz}. Its clients
 * know three statuses: 200, 404 for a miss of GET and HEAD, and everything else, after which they
 * try again, three times in all.
 *
 * <p>A servlet of its own and no controller: keys hold what paths elsewhere do not.
 */
final class MembrainServlet extends HttpServlet {

  static final String HEALTH = "/healthz";
  static final String VALUES = "/memory/*";

  private static final long serialVersionUID = 1L;

  /** After it the protocol's clients hear no answer. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final transient Values values;
  private final transient Uploads uploads;
  private final transient Map<String, String> tenants;
  private final transient HealthEndpoint health;

  /**
   * @param tenants by the namespaces that are theirs
   */
  MembrainServlet(
      Values values, Uploads uploads, Map<String, String> tenants, HealthEndpoint health) {
    this.values = values;
    this.uploads = uploads;
    this.tenants = tenants;
    this.health = health;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    boolean isHealth = request.getServletPath().equals(HEALTH);
    ServerHttpObservationFilter.findObservationContext(request)
        .ifPresent(seen -> seen.setPathPattern(isHealth ? HEALTH : "/memory/{namespace}/{key}"));
    try {
      CallContext.currentOr(PATIENCE)
          .within(PATIENCE)
          .call(() -> {
            if (isHealth) {
              health(request, response);
            } else {
              value(path(request), request, response);
            }
            return true;
          });
    } catch (ServletException | IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new ServletException(e);
    }
  }

  private void health(HttpServletRequest request, HttpServletResponse response) throws IOException {
    switch (request.getMethod()) {
      case "GET", "HEAD" -> {
        HealthDescriptor readiness = health.healthForPath("readiness");
        if (readiness == null || !readiness.getStatus().equals(Status.UP)) {
          throw new MembraneException(
              ErrorCode.DEPENDENCY_UNAVAILABLE, "the store is not ready; try again");
        }
        response.setContentLength(0);
      }
      default -> refuse(request, response, "GET, HEAD");
    }
  }

  private void value(MembrainPath path, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String tenant = tenant(path.namespace(), request);
    if (path.key() == null) {
      if (request.getMethod().equals("DELETE")) {
        flush(tenant, path, response);
      } else {
        refuse(request, response, "DELETE");
      }
      return;
    }
    switch (request.getMethod()) {
      case "GET" -> get(tenant, path, request, response);
      case "HEAD" -> head(tenant, path, response);
      case "PUT" -> put(tenant, path, request, response);
      case "DELETE" -> {
        values.delete(tenant, path.storedKey());
        response.setContentLength(0);
      }
      default -> refuse(request, response, "GET, HEAD, PUT, DELETE");
    }
  }

  private void get(
      String tenant, MembrainPath path, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    try (Fragment value = values.get(tenant, path.storedKey())) {
      if (value == null) {
        throw missing();
      }
      Payload body = value.body();
      describe(body.length(), response);
      body.forEach(0, body.length(), DirectOutput.of(request)::write);
    }
  }

  private void head(String tenant, MembrainPath path, HttpServletResponse response) {
    Description known = values.describe(tenant, path.storedKey());
    if (known == null) {
      throw missing();
    }
    describe(known.bytes(), response);
  }

  private static void describe(long bytes, HttpServletResponse response) {
    response.setContentType(MediaType.APPLICATION_OCTET_STREAM_VALUE);
    response.setContentLengthLong(bytes);
  }

  private void put(
      String tenant, MembrainPath path, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    try (Payload body = uploads.read(request)) {
      values.put(tenant, path.storedKey(), path.storedMetadata(), body);
    }
    response.setContentLength(0);
  }

  private void flush(String tenant, MembrainPath path, HttpServletResponse response)
      throws IOException {
    long removed = values.clear(tenant, path.storedKey());
    byte[] body = WireJson.mapper().writeValueAsBytes(Map.of("removed", removed));
    response.setContentType(MediaType.APPLICATION_JSON_VALUE);
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }

  /**
   * Whose a namespace is. Who calls with a tenant, through the gateway that is, does not become
   * another's by naming that one's namespace, whatever its own is called.
   */
  private String tenant(String namespace, HttpServletRequest request) {
    String caller = CallContext.tenantOfCall();
    String owner = tenants.getOrDefault(namespace, caller);
    if (!caller.equals(owner) && request.getHeader(CallContext.TENANT_HEADER) != null) {
      throw new MembraneException(
          ErrorCode.FORBIDDEN, "the namespace is another tenant's; use one of your own");
    }
    return owner;
  }

  private static MembrainPath path(HttpServletRequest request) {
    try {
      return MembrainPath.parse(request.getRequestURI());
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.MALFORMED_REQUEST, String.valueOf(e.getMessage()), e);
    }
  }

  private static MembraneException missing() {
    return new MembraneException(ErrorCode.NOT_FOUND, "nothing is stored under this key");
  }

  private static void refuse(
      HttpServletRequest request, HttpServletResponse response, String allowed) throws IOException {
    response.setHeader(HttpHeaders.ALLOW, allowed);
    response.sendError(
        ErrorCode.METHOD_NOT_ALLOWED.status(), request.getMethod() + " is not one of " + allowed);
  }
}
