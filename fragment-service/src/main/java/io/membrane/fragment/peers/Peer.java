package io.membrane.fragment.peers;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/**
 * Another node, as long as it lives at this URL.
 *
 * @param breaker leaves it alone while it keeps failing
 * @param free calls that may be made of it beside those under way
 */
record Peer(String id, URI url, CircuitBreaker breaker, Semaphore free) {

  private static final int MOST_CALLS = 64;

  /** Three failures in ten calls or fewer are enough: Redis answers what it does not. */
  private static final CircuitBreakerConfig CONFIG =
      CircuitBreakerConfig.custom()
          .slidingWindowSize(10)
          .minimumNumberOfCalls(3)
          .waitDurationInOpenState(Duration.ofSeconds(1))
          .automaticTransitionFromOpenToHalfOpenEnabled(true)
          .permittedNumberOfCallsInHalfOpenState(1)
          .build();

  static Peer of(String id, URI url) {
    return new Peer(id, url, CircuitBreaker.of(id, CONFIG), new Semaphore(MOST_CALLS));
  }

  URI resolve(String path) {
    String base = url.toString();
    return URI.create((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path);
  }
}
