package io.membrane.boot;

import io.membrane.rpc.PeerTls;
import java.net.URI;

/** Holds configured URLs of peers against {@code membrane.client.ssl-bundle}. */
public final class PeerUrls {

  private PeerUrls() {}

  /**
   * Stops the start if a peer is configured that may not be called.
   *
   * @throws StartupProblem if peers are called over TLS alone and this is another URL
   */
  public static void check(PeerTls tls, String property, URI url) {
    if (!tls.permits(url)) {
      throw new StartupProblem(
          property + " is " + url + ", and membrane.client.ssl-bundle asks for TLS",
          "Write https:// in " + property + ", or leave membrane.client.ssl-bundle out.");
    }
  }
}
