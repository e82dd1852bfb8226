package io.membrane.gateway.routing;

import static org.springframework.cloud.gateway.server.mvc.filter.BeforeFilterFunctions.setPath;
import static org.springframework.cloud.gateway.server.mvc.filter.BeforeFilterFunctions.uri;
import static org.springframework.cloud.gateway.server.mvc.handler.GatewayRouterFunctions.route;
import static org.springframework.cloud.gateway.server.mvc.handler.HandlerFunctions.http;

import java.net.URI;
import java.util.Arrays;
import org.springframework.web.servlet.function.RequestPredicate;
import org.springframework.web.servlet.function.RequestPredicates;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;

/** The routing table: path prefixes to services. */
public final class Routes {

  private static final String API_DOCS = "/v3/api-docs";

  private Routes() {}

  /** The calls of every service under their own paths, and its OpenAPI document. */
  public static RouterFunction<ServerResponse> toServices() {
    return Arrays.stream(Service.values())
        .map(Routes::calls)
        .reduce(RouterFunction::and)
        .orElseThrow();
  }

  private static RouterFunction<ServerResponse> calls(Service service) {
    URI url = URI.create("http://" + service.serviceName());
    RequestPredicate own =
        service.prefixes().stream()
            .map(prefix -> RequestPredicates.path(prefix + "/**"))
            .reduce(RequestPredicate::or)
            .orElseThrow();
    RouterFunction<ServerResponse> calls =
        route(service.serviceName()).route(own, http()).before(uri(url)).build();
    RouterFunction<ServerResponse> apiDocs =
        route(service.serviceName())
            .GET(service.apiDocsPath(), http())
            .before(uri(url))
            .before(setPath(API_DOCS))
            .build();
    return calls.and(apiDocs);
  }
}
