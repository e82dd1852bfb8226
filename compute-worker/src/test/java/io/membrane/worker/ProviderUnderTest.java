package io.membrane.worker;

import io.membrane.fixture.ServiceUnderTest;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.WireJson;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.ProviderUse;
import io.membrane.worker.provider.NumberedDirectory;
import io.membrane.worker.provider.RemoteServer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A worker with a provider, both real, and a directory. */
final class ProviderUnderTest implements AutoCloseable {

  static final String KEY = "sk-the-secret-of-the-test";

  final RemoteServer remote = new RemoteServer();
  final NumberedDirectory directory = new NumberedDirectory();
  final ServiceUnderTest service;

  /**
   * Starts it.
   *
   * @param properties each {@code name=value}; the URL is the remote server's unless one is given
   */
  ProviderUnderTest(String backend, String... properties) {
    Stream<String> defaults =
        Stream.of(
            "membrane.worker.backend=" + backend,
            "membrane.worker.provider.model=m-1",
            "membrane.worker.provider.api-key=" + KEY,
            "membrane.worker.block-tokens=16",
            "membrane.client.peers.directory-service=" + directory.url(),
            "membrane.client.attempts=1");
    Stream<String> url =
        Stream.of(properties).anyMatch(p -> p.startsWith("membrane.worker.provider.url="))
            ? Stream.of()
            : Stream.of("membrane.worker.provider.url=" + remote.url());
    try {
      service =
          new ServiceUnderTest(
              WorkerApplication.class,
              Stream.of(defaults, url, Stream.of(properties))
                  .flatMap(s -> s)
                  .toArray(String[]::new));
    } catch (RuntimeException e) {
      remote.close();
      directory.close();
      throw e;
    }
  }

  /** Warms a prompt. */
  PrefillResponse prefill(Map<String, Object> request) {
    return WireJson.mapper()
        .treeToValue(
            WireJson.mapper().readTree(ServiceUnderTest.ok(post(request)).toString()),
            PrefillResponse.class);
  }

  HttpResponse<String> post(Map<String, Object> request, String... headers) {
    HttpRequest.Builder http =
        HttpRequest.newBuilder(service.uri("/v1/prefill"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(WireJson.mapper().writeValueAsString(request)));
    for (int i = 0; i < headers.length; i += 2) {
      http.setHeader(headers[i], headers[i + 1]);
    }
    return service.send(http);
  }

  HttpResponse<String> postAs(String tenant, Map<String, Object> request) {
    return post(request, CallContext.TENANT_HEADER, tenant);
  }

  /** The first call of the provider. */
  RemoteServer.Call call() {
    return remote.calls().getFirst();
  }

  /** Tokens of the prompt that were cached, written to the cache, and neither. */
  static List<@Nullable Long> inputTokens(ProviderUse use) {
    return Arrays.asList(use.cachedTokens(), use.cacheWriteTokens(), use.uncachedTokens());
  }

  String metrics() {
    return service.get("/actuator/prometheus").body();
  }

  @Override
  public void close() {
    service.close();
    remote.close();
    directory.close();
  }
}
