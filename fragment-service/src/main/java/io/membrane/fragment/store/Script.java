package io.membrane.fragment.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** A Lua script; what it takes and answers stands in its file. */
enum Script {
  CHANGES,
  CLOCK,
  COMPLETE(load("uploads"), "local function put_fragment()\n", load("put"), "end\n"),
  DELETE,
  DIGESTS,
  EXISTS,
  FLUSH,
  NOTES,
  PIN,
  PUT,
  RESOLVE,
  TOUCH,
  TRIM,
  UPLOAD(load("uploads"));

  private final String source;
  private final String sha1;

  /**
   * @param before what stands between the shared part and the script's own
   */
  Script(String... before) {
    source = load("shared") + String.join("", before) + load(call());
    sha1 = sha1(source);
  }

  /** The script as metrics call it. */
  String call() {
    return name().toLowerCase(Locale.ROOT);
  }

  String source() {
    return source;
  }

  /** What EVALSHA calls it. */
  String sha1() {
    return sha1;
  }

  private static String load(String name) {
    String file = name + ".lua";
    try (InputStream in = Script.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String sha1(String source) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-1").digest(source.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-1", e);
    }
  }
}
