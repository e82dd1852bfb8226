package io.membrane.rpc;

import java.net.http.HttpClient;
import java.util.function.Supplier;

/** One HTTP client after another. One that was replaced ends with its last call. */
final class RenewedHttp implements Supplier<HttpClient> {

  private final Supplier<HttpClient> make;
  private volatile HttpClient current;

  RenewedHttp(Supplier<HttpClient> make) {
    this.make = make;
    this.current = make.get();
  }

  @Override
  public HttpClient get() {
    return current;
  }

  void renew() {
    current = make.get();
  }
}
