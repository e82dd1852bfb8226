package io.membrane.fragment;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpRange;

/**
 * The one part of a payload that a {@code Range} header asks for.
 *
 * @param from first byte
 * @param to last byte, inclusive
 */
record ByteRange(long from, long to) {

  private static final String UNIT = "bytes=";

  /**
   * Reads a {@code Range} header (RFC 9110, section 14).
   *
   * @param bytes length of the payload, at least 1
   * @return null if there is no header, or its unit is not bytes: the whole is served
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if it cannot be read, {@link
   *     ErrorCode#RANGE_NOT_SATISFIABLE} for several ranges or one outside of the payload
   */
  static @Nullable ByteRange parse(@Nullable String header, long bytes) {
    if (header == null || !header.strip().regionMatches(true, 0, UNIT, 0, UNIT.length())) {
      return null;
    }
    HttpRange range = single(UNIT + header.strip().substring(UNIT.length()));
    long from = range.getRangeStart(bytes);
    long to = range.getRangeEnd(bytes);
    if (from >= bytes || to < from) {
      throw new MembraneException(
          ErrorCode.RANGE_NOT_SATISFIABLE, "the fragment has " + bytes + " bytes, from 0");
    }
    return new ByteRange(from, to);
  }

  private static HttpRange single(String ranges) {
    List<HttpRange> parsed;
    try {
      parsed = HttpRange.parseRanges(ranges);
    } catch (IllegalArgumentException e) {
      throw malformed(e);
    }
    if (parsed.isEmpty()) {
      throw malformed(null);
    }
    if (parsed.size() > 1) {
      throw new MembraneException(
          ErrorCode.RANGE_NOT_SATISFIABLE, "ask for one range at a time, or for the whole");
    }
    return parsed.getFirst();
  }

  private static MembraneException malformed(@Nullable Throwable cause) {
    return new MembraneException(
        ErrorCode.MALFORMED_REQUEST,
        "Range is written like bytes=0-99, bytes=100- or bytes=-5",
        cause);
  }

  long length() {
    return to - from + 1;
  }

  /** The {@code Content-Range} of this part. */
  String of(long bytes) {
    return "bytes " + from + "-" + to + "/" + bytes;
  }
}
