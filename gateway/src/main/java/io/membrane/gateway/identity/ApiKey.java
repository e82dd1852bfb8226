package io.membrane.gateway.identity;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An API key as its holder has it: {@code mbr_<id>_<secret>}. The id names it in lists and logs.
 * The secret is 32 random bytes, so its SHA-256 can be kept: nobody guesses it, however fast a hash
 * is.
 */
final class ApiKey {

  static final String PREFIX = "mbr_";

  /** 43 characters of base64 hold 32 bytes. */
  private static final Pattern FORM =
      Pattern.compile("mbr_([a-z0-9]{1,32})_([A-Za-z0-9_-]{43,128})");

  private static final int ID_BYTES = 10;
  private static final int SECRET_BYTES = 32;

  private final String id;
  private final String secret;

  private ApiKey(String id, String secret) {
    this.id = id;
    this.secret = secret;
  }

  /** A new one. */
  static ApiKey random(SecureRandom random) {
    byte[] id = new byte[ID_BYTES];
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(id);
    random.nextBytes(secret);
    return new ApiKey(
        HexFormat.of().formatHex(id),
        Base64.getUrlEncoder().withoutPadding().encodeToString(secret));
  }

  /** What {@code text} is a key of; empty if it has not the form of one. */
  static Optional<ApiKey> parse(String text) {
    Matcher form = FORM.matcher(text);
    return form.matches()
        ? Optional.of(new ApiKey(form.group(1), form.group(2)))
        : Optional.empty();
  }

  String id() {
    return id;
  }

  /** SHA-256 of the secret. */
  byte[] digest() {
    try {
      return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The whole key, to be shown once. */
  String reveal() {
    return PREFIX + id + "_" + secret;
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return PREFIX + id;
  }
}
