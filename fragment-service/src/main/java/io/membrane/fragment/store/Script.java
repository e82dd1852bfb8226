package io.membrane.fragment.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A Lua script that touches one key; what it takes and answers stands in its file. */
enum Script {
  PUT("put"),
  SETTLE("settle"),
  WITHDRAW("withdraw"),
  DESCRIBE("describe");

  private final String file;
  private final String source;
  private final String sha1;

  Script(String file) {
    this.file = file;
    this.source = load(file + ".lua");
    this.sha1 = sha1(source);
  }

  /** The script as metrics call it. */
  String call() {
    return file;
  }

  String source() {
    return source;
  }

  /** What EVALSHA calls it. */
  String sha1() {
    return sha1;
  }

  private static String load(String file) {
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
