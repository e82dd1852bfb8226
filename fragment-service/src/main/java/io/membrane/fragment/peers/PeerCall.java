package io.membrane.fragment.peers;

import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Objects;

/**
 * A {@code POST} to another node, as Spring's own clients tell of theirs: a client span, whose
 * trace goes on in the request, and one of {@code http.client.requests}. For one thread.
 */
final class PeerCall extends SenderContext<HttpRequest.Builder> {

  /** What is observed. */
  interface Exchange extends Observation.CheckedRunnable<IOException> {}

  private static final int UNANSWERED = 0;

  private final URI peer;
  private final String path;
  private int status = UNANSWERED;

  PeerCall(URI peer, String path, HttpRequest.Builder request) {
    super(
        (carrier, name, value) -> Objects.requireNonNull(carrier).setHeader(name, value),
        Kind.CLIENT);
    setCarrier(request);
    setRemoteServiceName("fragment-service");
    this.peer = peer;
    this.path = path;
  }

  /** Runs what sends the request and takes its answer in. */
  void observe(ObservationRegistry observations, Exchange exchange) throws IOException {
    Observation.createNotStarted(new Convention(), () -> this, observations)
        .observeChecked(exchange);
  }

  /** The request, with its trace once it is observed. */
  HttpRequest request() {
    return Objects.requireNonNull(getCarrier()).build();
  }

  void answered(int statusCode) {
    status = statusCode;
  }

  private String status() {
    if (status != UNANSWERED) {
      return Integer.toString(status);
    }
    return getError() instanceof IOException ? "IO_ERROR" : "CLIENT_ERROR";
  }

  private String outcome() {
    return switch (status / 100) {
      case 2 -> "SUCCESS";
      case 3 -> "REDIRECTION";
      case 4 -> "CLIENT_ERROR";
      case 5 -> "SERVER_ERROR";
      default -> "UNKNOWN";
    };
  }

  private String exception() {
    Throwable error = getError();
    return error == null ? "none" : error.getClass().getSimpleName();
  }

  /** The words of Spring's {@code DefaultClientRequestObservationConvention}. */
  private static final class Convention implements ObservationConvention<PeerCall> {

    @Override
    public String getName() {
      return "http.client.requests";
    }

    @Override
    public String getContextualName(PeerCall call) {
      return "http post";
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(PeerCall call) {
      return KeyValues.of(
          "client.name",
          call.peer.getHost(),
          "exception",
          call.exception(),
          "method",
          "POST",
          "outcome",
          call.outcome(),
          "status",
          call.status(),
          "uri",
          call.path);
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
      return context instanceof PeerCall;
    }
  }
}
