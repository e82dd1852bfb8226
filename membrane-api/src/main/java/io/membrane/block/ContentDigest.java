package io.membrane.block;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.HexFormat;

/**
 * SHA-256 of a payload: which bytes. JSON: 64 hex digits.
 *
 * @param hex 64 lower-case hex digits
 */
public record ContentDigest(String hex) {

  private static final String HEADER_PREFIX = "sha-256=:";

  @JsonCreator
  public ContentDigest {
    hex = BlockHash.parse(hex).hex();
  }

  /** Digest of the remaining bytes; the buffer's position is left alone. */
  public static ContentDigest of(ByteBuffer payload) {
    ContentDigester digester = new ContentDigester();
    digester.add(payload);
    return digester.digest();
  }

  public static ContentDigest of(byte[] payload) {
    return of(ByteBuffer.wrap(payload));
  }

  /**
   * Parses an RFC 9530 {@code Repr-Digest} with a {@code sha-256} member.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static ContentDigest parseReprDigest(String header) {
    for (String member : header.split(",", -1)) {
      String m = member.strip();
      if (m.startsWith(HEADER_PREFIX) && m.endsWith(":") && m.length() > HEADER_PREFIX.length()) {
        byte[] bytes =
            Base64.getDecoder().decode(m.substring(HEADER_PREFIX.length(), m.length() - 1));
        if (bytes.length != BlockHash.BYTES) {
          throw new IllegalArgumentException(
              "the sha-256 of a Repr-Digest has 32 bytes, not " + bytes.length);
        }
        return new ContentDigest(HexFormat.of().formatHex(bytes));
      }
    }
    throw new IllegalArgumentException(
        "Repr-Digest is written like sha-256=:<base64>:, not '" + Text.shorten(header) + "'");
  }

  /** The {@code Repr-Digest} header value. */
  public String toReprDigest() {
    return HEADER_PREFIX + Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex)) + ":";
  }

  /** The strong {@code ETag}, quotes included. */
  public String toEtag() {
    return '"' + hex + '"';
  }

  @JsonValue
  @Override
  public String toString() {
    return hex;
  }
}
