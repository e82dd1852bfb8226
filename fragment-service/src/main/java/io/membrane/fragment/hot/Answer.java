package io.membrane.fragment.hot;

import io.membrane.fragment.hot.AskedRange.Part;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.coyote.Response;
import org.apache.tomcat.util.http.MimeHeaders;
import org.jspecify.annotations.Nullable;

/**
 * The answer to one question, from a fragment in memory.
 *
 * @param outcome tells the status and whether there is a body
 * @param part the bytes of the body, or of the body that there would be
 */
record Answer(Resident resident, ReadOutcome outcome, Part part) {

  private static final Header ACCEPT_RANGES = Header.of("Accept-Ranges", "bytes");
  private static final Header BYTES = Header.of("Content-Type", "application/octet-stream");
  private static final Header TTL = Header.of("Membrane-Ttl", "");
  private static final String CONTENT_RANGE = "Content-Range";

  /** Null if there is none but an error. */
  static @Nullable Answer to(Question question, Resident resident) {
    long length = resident.body().length();
    Part whole = new Part(0, length);
    if (question.isKnown(resident.etag())) {
      return new Answer(resident, ReadOutcome.NOT_MODIFIED, whole);
    }
    if (question.isHead()) {
      return new Answer(resident, ReadOutcome.HEAD, whole);
    }
    AskedRange range = question.rangeOf(resident.etag());
    if (range == null) {
      return new Answer(resident, ReadOutcome.WHOLE, whole);
    }
    Part part = range.of(length);
    return part == null ? null : new Answer(resident, ReadOutcome.PART, part);
  }

  /** Status and headers, of a response that nothing has been written to. */
  void prepare(Response response) {
    MimeHeaders headers = response.getMimeHeaders();
    for (Header header : resident.headers()) {
      header.addTo(headers);
    }
    long ttl = resident.ttlSeconds();
    if (ttl != Resident.NO_TTL) {
      TTL.addTo(headers, ttl);
    }
    response.setStatus(status());
    if (outcome == ReadOutcome.NOT_MODIFIED) {
      return;
    }
    ACCEPT_RANGES.addTo(headers);
    BYTES.addTo(headers);
    response.setContentLength(part.length());
    if (outcome == ReadOutcome.PART) {
      headers.addValue(CONTENT_RANGE).setString(part.of(resident.body().length()));
    }
  }

  private int status() {
    return switch (outcome) {
      case PART -> HttpServletResponse.SC_PARTIAL_CONTENT;
      case NOT_MODIFIED -> HttpServletResponse.SC_NOT_MODIFIED;
      case WHOLE, HEAD, BROKEN, ABSENT -> HttpServletResponse.SC_OK;
    };
  }

  /**
   * Writes the body, if there is one: past the servlet's buffer, which would cut it into pieces of
   * 8 KiB and copy the last of them.
   */
  void write(Response response) throws IOException {
    if (outcome == ReadOutcome.WHOLE || outcome == ReadOutcome.PART) {
      resident.body().forEach(part.from(), part.length(), response::doWrite);
    }
  }
}
