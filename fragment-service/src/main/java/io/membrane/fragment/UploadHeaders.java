package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.store.ResumableUploads;
import io.membrane.fragment.store.UploadState;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The headers of resumable uploads (draft-ietf-httpbis-resumable-upload-12): structured fields (RFC
 * 9651), of which a value that is not what it should be counts as absent.
 */
final class UploadHeaders {

  static final String OFFSET = "Upload-Offset";
  static final String COMPLETE = "Upload-Complete";
  static final String LENGTH = "Upload-Length";
  static final String LIMIT = "Upload-Limit";

  /** Not the draft's: what a creation without a path of its own becomes. */
  static final String FRAGMENT = "Membrane-Fragment";

  static final String PART_TYPE = "application/partial-upload";
  static final String TRUE = "?1";
  static final String FALSE = "?0";

  /** An integer has 15 digits at most; parameters are allowed and say nothing here. */
  private static final Pattern INTEGER = Pattern.compile(" *(\\d{1,15})(?:;.*)?");

  private static final Pattern BOOLEAN = Pattern.compile(" *\\?([01])(?:;.*)?");

  private UploadHeaders() {}

  /** Whether the request carries the end of the upload. */
  static boolean complete(HttpServletRequest request) {
    String bit = item(request, COMPLETE, BOOLEAN);
    if (bit == null) {
      throw malformed(COMPLETE + " says whether the body is the end: write ?1 or ?0");
    }
    return bit.equals("1");
  }

  static long offset(HttpServletRequest request) {
    String offset = item(request, OFFSET, INTEGER);
    if (offset == null) {
      throw malformed(OFFSET + " says where the body goes on: write what HEAD answers, e.g. 0");
    }
    return Long.parseLong(offset);
  }

  /**
   * Bytes of the whole, as far as the request says: by its own header, or by the length of its body
   * if that is the end.
   *
   * @throws MembraneException {@link ErrorCode#UPLOAD_LENGTH_MISMATCH} if they contradict
   */
  static @Nullable Long length(HttpServletRequest request, long offset, boolean complete) {
    String said = item(request, LENGTH, INTEGER);
    long body = request.getContentLengthLong();
    Long length = said == null ? null : Long.valueOf(said);
    if (!complete || body < 0) {
      return length;
    }
    if (length != null && length != offset + body) {
      throw new MembraneException(
          ErrorCode.UPLOAD_LENGTH_MISMATCH,
          "the body ends at byte %d; %s says %d".formatted(offset + body, LENGTH, length));
    }
    return offset + body;
  }

  static FragmentKey key(HttpServletRequest request) {
    String key = request.getHeader(FRAGMENT);
    if (key == null) {
      throw malformed(FRAGMENT + " says what the upload becomes: write <hash>/<slice>");
    }
    try {
      return FragmentKey.parse(key);
    } catch (IllegalArgumentException e) {
      throw malformed(FRAGMENT + ": " + e.getMessage());
    }
  }

  private static @Nullable String item(HttpServletRequest request, String name, Pattern form) {
    List<String> values = Collections.list(request.getHeaders(name));
    if (values.size() != 1) {
      return null;
    }
    Matcher matcher = form.matcher(values.getFirst().strip());
    return matcher.matches() ? matcher.group(1) : null;
  }

  static String limit(long maxBytes) {
    return "max-size=" + maxBytes;
  }

  /** Writes how far an upload has come. */
  static void write(UploadState.Progress progress, long maxBytes, HttpServletResponse response) {
    write(progress.offset(), progress.left(), maxBytes, response);
    if (progress.length() != null) {
      response.setHeader(LENGTH, progress.length().toString());
    }
  }

  /** The same, where something has just come. */
  static void write(long offset, long maxBytes, HttpServletResponse response) {
    write(offset, ResumableUploads.IDLE, maxBytes, response);
  }

  private static void write(
      long offset, Duration left, long maxBytes, HttpServletResponse response) {
    response.setHeader(OFFSET, Long.toString(offset));
    response.setHeader(LIMIT, limit(maxBytes) + ", max-age=" + left.toSeconds());
  }

  private static MembraneException malformed(String detail) {
    return new MembraneException(ErrorCode.MALFORMED_REQUEST, detail);
  }
}
