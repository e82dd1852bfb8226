package io.membrane.wire;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The tokens with which an engine talks to fragment nodes directly: JWTs that the gateway signs
 * (HS256) and the nodes' direct ports check, by secrets that both read from a file.
 */
public final class FragmentTokens {

  /** The claim {@code iss}. */
  public static final String ISSUER = "membrane-gateway";

  /** The claim {@code aud}. */
  public static final String AUDIENCE = "membrane-fragments";

  /** Claim: in whose name its holder calls. */
  public static final String TENANT_CLAIM = "tenant";

  /** Claim: what its holder may do, words with spaces between. */
  public static final String SCOPE_CLAIM = "scope";

  /** Scope: look and fetch. */
  public static final String READ = "read";

  /** Scope: store and remove. */
  public static final String WRITE = "write";

  /** How a file of secrets is made. */
  public static final String MAKE_SECRET =
      "Write one line into it (openssl rand -hex 32 > <file>), the same for the gateway and all"
          + " fragment nodes; a second line is a secret that is believed too.";

  private static final int LEAST_CHARS = 32;
  private static final int MOST_SECRETS = 2;

  private FragmentTokens() {}

  /**
   * The secrets in a file's text, one a line: the first signs, all are believed. Empty if these are
   * none: not one or two, or one of fewer than 32 characters.
   */
  public static Optional<List<byte[]>> secrets(String text) {
    List<String> lines = text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    boolean wellFormed =
        !lines.isEmpty()
            && lines.size() <= MOST_SECRETS
            && lines.stream().allMatch(line -> line.length() >= LEAST_CHARS);
    return wellFormed
        ? Optional.of(lines.stream().map(line -> line.getBytes(StandardCharsets.UTF_8)).toList())
        : Optional.empty();
  }

  /**
   * What a call of a fragment node needs: {@link #READ} or {@link #WRITE}; empty if it is none of
   * those that engines make directly.
   *
   * @param path without anything encoded in it
   */
  public static Optional<String> scopeOf(String method, String path) {
    if (isUnder(path, "/v1/uploads") || path.startsWith("/v1/pins/")) {
      return Optional.of(WRITE);
    }
    if (!isUnder(path, "/v1/fragments")) {
      return Optional.empty();
    }
    boolean isRead =
        switch (method) {
          case "GET", "HEAD" -> true;
          case "POST" ->
              List.of("/v1/fragments/exists", "/v1/fragments/batch-get", "/v1/fragments/prefetch")
                  .contains(path);
          default -> false;
        };
    return Optional.of(isRead ? READ : WRITE);
  }

  private static boolean isUnder(String path, String prefix) {
    return path.equals(prefix) || path.startsWith(prefix + "/");
  }

  /**
   * A token that was made.
   *
   * @param expiresAtMs milliseconds since 1970
   * @param cluster whose nodes they are
   * @param nodes those that live and have a direct port, with what placement is computed from
   */
  public record Made(
      String token,
      String tenant,
      List<String> scopes,
      long expiresAtMs,
      String cluster,
      List<DirectNode> nodes) {}

  /**
   * A node that engines reach.
   *
   * @param url of its direct port
   * @param capacityBytes its share in placement
   */
  public record DirectNode(String id, String url, long capacityBytes) {}
}
