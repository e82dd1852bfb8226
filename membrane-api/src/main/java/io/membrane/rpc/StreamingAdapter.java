package io.membrane.rpc;

import java.io.InputStream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseEntity;
import org.springframework.http.StreamingHttpOutputMessage;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.support.RestClientAdapter;
import org.springframework.web.service.invoker.HttpExchangeAdapter;
import org.springframework.web.service.invoker.HttpRequestValues;

/**
 * Spring's adapter, and on top of it what declarative clients cannot do by themselves: a request
 * body that is written as it is made, and an answer that is read as it comes.
 */
final class StreamingAdapter implements HttpExchangeAdapter {

  private final RestClientAdapter plain;
  private final String peer;

  StreamingAdapter(RestClient rest, String peer) {
    this.plain = RestClientAdapter.create(rest);
    this.peer = peer;
  }

  @Override
  public <T> @Nullable T exchangeForBody(
      HttpRequestValues values, ParameterizedTypeReference<T> type) {
    RestClient.RequestBodySpec request = plain.newRequest(values);
    if (values.getBodyValue() instanceof StreamingHttpOutputMessage.Body body) {
      request.body(body);
    }
    return type.getType() == InputStream.class
        ? this.<T>stream(request).getBody()
        : request.retrieve().body(type);
  }

  /** An answer whose body, {@code T} being {@link InputStream}, is still to be read. */
  private <T> ResponseEntity<T> stream(RestClient.RequestBodySpec request) {
    return request.exchangeForRequiredValue(
        (sent, response) -> {
          if (response.getStatusCode().isError()) {
            try (response) {
              throw PeerProblem.read(peer, response);
            }
          }
          @SuppressWarnings("unchecked") // the caller's type
          T body = (T) new CancellableStream(response.getBody(), CallContext.currentCancellation());
          return ResponseEntity.status(response.getStatusCode())
              .headers(response.getHeaders())
              .body(body);
        },
        false);
  }

  @Override
  public boolean supportsRequestAttributes() {
    return plain.supportsRequestAttributes();
  }

  @Override
  public void exchange(HttpRequestValues values) {
    plain.exchange(values);
  }

  @Override
  public HttpHeaders exchangeForHeaders(HttpRequestValues values) {
    return plain.exchangeForHeaders(values);
  }

  @Override
  public ResponseEntity<Void> exchangeForBodilessEntity(HttpRequestValues values) {
    return plain.exchangeForBodilessEntity(values);
  }

  @Override
  public <T> ResponseEntity<T> exchangeForEntity(
      HttpRequestValues values, ParameterizedTypeReference<T> type) {
    return type.getType() == InputStream.class
        ? stream(plain.newRequest(values))
        : plain.exchangeForEntity(values, type);
  }
}
