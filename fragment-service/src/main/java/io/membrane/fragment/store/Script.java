package io.membrane.fragment.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Lua script; what it takes and answers stands in its file. A line {@code -- include <file>}
 * stands for all of another file.
 */
enum Script {
  CHANGES,
  CLOCK,
  COMPLETE,
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
  UPLOAD;

  private final String source;
  private final String sha1;

  Script() {
    source = load(call());
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
      return Pattern.compile("(?m)^ *-- include (\\w+)$")
          .matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8))
          .replaceAll(found -> Matcher.quoteReplacement(load(found.group(1))));
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
