package io.membrane.system;

import com.sun.net.httpserver.HttpServer;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** A small OIDC issuer: an RSA key, its discovery document and its key set over HTTP. */
final class OidcIssuer implements AutoCloseable {

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private final HttpServer server;
  private final KeyPair pair;

  OidcIssuer() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      pair = generator.generateKeyPair();
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    RSAPublicKey key = (RSAPublicKey) pair.getPublic();
    serve(
        "/.well-known/openid-configuration", Map.of("issuer", url(), "jwks_uri", url() + "/keys"));
    serve(
        "/keys",
        Map.of(
            "keys",
            List.of(
                Map.of(
                    "kty", "RSA",
                    "kid", "k1",
                    "use", "sig",
                    "n", number(key.getModulus()),
                    "e", number(key.getPublicExponent())))));
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** A token for five minutes. */
  String token(String tenant, String audience, String scopes) {
    return token(tenant, audience, scopes, Instant.now().plusSeconds(300));
  }

  String token(String tenant, String audience, String scopes, Instant expiry) {
    String signed =
        part(Map.of("alg", "RS256", "kid", "k1"))
            + "."
            + part(
                Map.of(
                    "iss",
                    url(),
                    "aud",
                    audience,
                    "sub",
                    "someone",
                    "tenant",
                    tenant,
                    "scope",
                    scopes,
                    "exp",
                    expiry.getEpochSecond()));
    try {
      Signature signature = Signature.getInstance("SHA256withRSA");
      signature.initSign(pair.getPrivate());
      signature.update(signed.getBytes(StandardCharsets.US_ASCII));
      return signed + "." + BASE64.encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void serve(String path, Map<String, ?> json) {
    byte[] bytes = WireJson.mapper().writeValueAsBytes(json);
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
          }
        });
  }

  private static String part(Map<String, ?> json) {
    return BASE64.encodeToString(WireJson.mapper().writeValueAsBytes(json));
  }

  private static String number(BigInteger value) {
    byte[] bytes = value.toByteArray();
    int from = bytes[0] == 0 ? 1 : 0;
    return BASE64.encodeToString(Arrays.copyOfRange(bytes, from, bytes.length));
  }
}
