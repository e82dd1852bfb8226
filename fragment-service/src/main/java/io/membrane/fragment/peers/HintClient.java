package io.membrane.fragment.peers;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.membrane.fragment.store.Name;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.WireJson;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells nodes which fragments are to be in their memory. Thread-safe; methods block. */
public final class HintClient {

  /** Where a node is told. Not of the public contract: the gateway does not know it. */
  public static final String PATH = "/v1/peers/hints";

  /** Most names in one call. */
  public static final int MOST = 64;

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Logger log = LoggerFactory.getLogger(HintClient.class);

  private final Supplier<HttpClient> http;
  private final PeerMeters meters;

  HintClient(Supplier<HttpClient> http, PeerMeters meters) {
    this.http = http;
    this.meters = meters;
  }

  /**
   * What a node is told.
   *
   * @param names text forms of names, with their domains: no tenant stands behind the call
   */
  public record Hints(@NotNull @Size(max = MOST) List<@NotNull String> names) {}

  /**
   * Tells a node, and waits until it has fetched them, so that no node is told faster than it can
   * fetch.
   *
   * @param names at most {@link #MOST}
   * @return whether it has
   */
  boolean send(Peer peer, List<Name> names) {
    boolean sent = false;
    if (peer.breaker().getState() != CircuitBreaker.State.OPEN) {
      try {
        sent = http.get().send(request(peer, names), BodyHandlers.discarding()).statusCode() == 204;
      } catch (IOException e) {
        log.debug("{} at {} could not be told: {}", peer.id(), peer.url(), e.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    meters.hint(sent ? PeerMeters.Hint.SENT : PeerMeters.Hint.FAILED, names.size());
    return sent;
  }

  private static HttpRequest request(Peer peer, List<Name> names) {
    Hints hints = new Hints(names.stream().map(Name::toString).toList());
    return HttpRequest.newBuilder(peer.resolve(PATH))
        .timeout(PATIENCE)
        .header("Content-Type", "application/json")
        .header(CallContext.DEADLINE_HEADER, Long.toString(PATIENCE.toMillis()))
        .POST(BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(hints)))
        .build();
  }
}
