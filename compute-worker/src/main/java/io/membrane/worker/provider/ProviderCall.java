package io.membrane.worker.provider;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.Cancellation;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.ServiceClients;
import io.membrane.rpc.WireJson;
import io.membrane.worker.provider.wire.BadAnswerException;
import io.membrane.worker.provider.wire.ProviderWire;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Posts to a provider: breaker around bulkhead around one call, without retries, since each may
 * cost. Neither the tenant nor a trace goes along, and a redirection, which could take the key
 * elsewhere, is not followed. Thread-safe.
 */
public final class ProviderCall implements AutoCloseable {

  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final long MAX_ANSWER = 16L << 20;

  private final String peer;
  private final URI url;
  private final Supplier<ApiKey> keys;
  private final ProviderWire wire;
  private final Duration patience;
  private final Clock clock;
  private final CircuitBreaker breaker;
  private final Bulkhead bulkhead;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  /**
   * @param peer what errors and metrics call it
   * @param keys the key as it is now
   * @param wire says in which header the key goes
   * @param patience time for callers without a deadline
   */
  public ProviderCall(
      String peer,
      URI url,
      Supplier<ApiKey> keys,
      ProviderWire wire,
      ServiceClients clients,
      Duration patience,
      Clock clock) {
    this.peer = peer;
    this.url = url;
    this.keys = keys;
    this.wire = wire;
    this.patience = patience;
    this.clock = clock;
    this.breaker = clients.circuitBreakers().circuitBreaker(peer);
    this.bulkhead = clients.bulkheads().bulkhead(peer);
  }

  /**
   * Posts a body as JSON and reads the answer.
   *
   * @param read throws {@link BadAnswerException} for an answer that is not as documented
   * @throws MembraneException for whatever goes wrong
   */
  <T> T post(String path, Object body, Function<JsonNode, T> read) {
    CallContext.checkDeadline("the call of " + peer);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base() + path))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .POST(BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(body)));
    ApiKey key = keys.get();
    wire.headers(key.value()).forEach(request::header);
    try {
      return breaker.executeSupplier(
          () -> bulkhead.executeSupplier(() -> answered(send(request.build()), key, read)));
    } catch (CallNotPermittedException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          peer + " has kept failing and is left alone for a moment",
          e);
    } catch (BulkheadFullException e) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "too many calls of " + peer + " are under way", e);
    }
  }

  private String base() {
    String text = url.toString();
    return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
  }

  private <T> T answered(HttpResponse<byte[]> answer, ApiKey key, Function<JsonNode, T> read) {
    if (answer.statusCode() != 200) {
      throw ProviderRefusal.of(peer, answer, key, clock.instant());
    }
    try {
      return read.apply(WireJson.mapper().readTree(answer.body()));
    } catch (JacksonException e) {
      throw unreadable("it is not JSON", e);
    } catch (BadAnswerException e) {
      throw unreadable(String.valueOf(e.getMessage()), e);
    }
  }

  private MembraneException unreadable(String why, Exception e) {
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE,
        "%s at %s gave an answer that cannot be read: %s".formatted(peer, url, why),
        e);
  }

  /** The answer to one whose thread was interrupted; it is interrupted again. */
  static MembraneException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE, "the worker is shutting down; ask another", e);
  }

  /** Header and body within the caller's time; a request's own timeout ends with the header. */
  private HttpResponse<byte[]> send(HttpRequest request) {
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER));
    try (Cancellation.Listener _ = CallContext.onCancel(() -> answer.cancel(true))) {
      return answer.get(
          CallContext.currentOr(patience).remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (CancellationException e) {
      throw CallContext.cancelled("the call of " + peer, e);
    } catch (TimeoutException e) {
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED, peer + " at " + url + " did not answer in time", e);
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (ExecutionException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "%s at %s cannot be reached, broke off its answer, or sent more than %d MiB"
              .formatted(peer, url, MAX_ANSWER >> 20),
          e.getCause());
    } finally {
      answer.cancel(true);
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
