package io.membrane.cli.fleet;

import io.membrane.cli.machine.RedisProbe;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Asks a member whether it is ready. */
public final class Probe {

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final int OK = 200;

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();

  private Probe() {}

  /** Whether the member that listens on {@code port} of the loopback address is ready. */
  public static boolean isReady(Member member, int port) {
    try {
      if (member.isService()) {
        URI readiness = URI.create("http://127.0.0.1:" + port + "/actuator/health/readiness");
        HttpRequest request = HttpRequest.newBuilder(readiness).timeout(PATIENCE).build();
        return HTTP.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == OK;
      }
      RedisProbe.check(URI.create("redis://127.0.0.1:" + port), PATIENCE);
      return true;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
