package io.membrane.fragment.membrain;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.ContentDigest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a path of the Membrain protocol names: {@code /memory/<namespace>/<key>}, or a whole
 * namespace. Everything behind the namespace's slash is the key, further slashes too, and an
 * escaped character is the same as the character itself.
 *
 * @param namespace 1 to {@value #MAX_NAMESPACE_BYTES} bytes of UTF-8 without slashes and control
 *     characters
 * @param key 1 to {@value #MAX_KEY_BYTES} bytes of UTF-8; null: the namespace
 */
public record MembrainPath(String namespace, @Nullable String key) {

  static final int MAX_NAMESPACE_BYTES = 128;
  static final int MAX_KEY_BYTES = 8192;

  private static final String ROOT = "memory/";

  /** Longer keys are stored under their digest, so that no name takes much room. */
  private static final int MAX_LITERAL_BYTES = 96;

  private static final String DIGEST = "sha-256:";

  /**
   * @throws IllegalArgumentException says what is wrong
   */
  public MembrainPath {
    if (namespace.isEmpty()
        || namespace.indexOf('/') >= 0
        || hasControls(namespace)
        || length(namespace) > MAX_NAMESPACE_BYTES) {
      throw new IllegalArgumentException(
          "a namespace has 1 to %d bytes, no slash and no control characters"
              .formatted(MAX_NAMESPACE_BYTES));
    }
    if (key != null && (key.isEmpty() || length(key) > MAX_KEY_BYTES)) {
      throw new IllegalArgumentException("a key has 1 to %d bytes".formatted(MAX_KEY_BYTES));
    }
  }

  /**
   * Reads a path as it stands in the request line.
   *
   * @throws IllegalArgumentException says what is wrong
   */
  public static MembrainPath parse(String rawPath) {
    String path = PathText.decode(rawPath);
    int start = 0;
    while (start < path.length() && path.charAt(start) == '/') {
      start++;
    }
    if (!path.startsWith(ROOT, start)) {
      throw new IllegalArgumentException("the path is /memory/<namespace>/<key>");
    }
    String names = path.substring(start + ROOT.length());
    int slash = names.indexOf('/');
    return slash < 0
        ? new MembrainPath(names, null)
        : new MembrainPath(names.substring(0, slash), names.substring(slash + 1));
  }

  /**
   * What the store calls it: of bounded length, without control characters, different for different
   * paths. For a namespace: what the names of all its keys begin with.
   */
  public String storedKey() {
    return ROOT + namespace + "/" + (key == null ? "" : stored(key));
  }

  /** What the store calls the keys that describe this one and must not outlive it. */
  public List<String> storedMetadata() {
    return key == null
        ? List.of()
        : Metadata.of(key).stream()
            .filter(other -> length(other) <= MAX_KEY_BYTES)
            .map(other -> new MembrainPath(namespace, other).storedKey())
            .toList();
  }

  private static String stored(String key) {
    boolean literal =
        length(key) <= MAX_LITERAL_BYTES && !hasControls(key) && !key.startsWith(DIGEST);
    return literal ? key : DIGEST + ContentDigest.of(key.getBytes(UTF_8)).hex();
  }

  private static int length(String text) {
    return text.getBytes(UTF_8).length;
  }

  private static boolean hasControls(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }
}
