package io.membrane.boot;

import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.springframework.http.HttpMethod;

/**
 * Which {@code Content-Encoding} of a request's body a service understands, or passes on to one
 * that does. A service without such a bean takes bodies as they are alone.
 */
@FunctionalInterface
public interface RequestCodings {

  /** Names of the codings, in small letters, without {@code identity}, which is always taken. */
  List<String> of(HttpServletRequest request);

  /** A fragment that is stored may come as zstd; nothing else may. */
  static RequestCodings zstdOfFragments() {
    return request ->
        HttpMethod.PUT.matches(request.getMethod())
                && request.getRequestURI().matches("/v1/fragments/[^/]+/[^/]+")
            ? List.of("zstd")
            : List.of();
  }
}
