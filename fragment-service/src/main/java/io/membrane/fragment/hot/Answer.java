package io.membrane.fragment.hot;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.membrane.fragment.hot.AskedRange.Part;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.coyote.Response;
import org.apache.tomcat.util.http.FastHttpDateFormat;
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
  private static final Header CONTENT_LENGTH = Header.of("Content-Length", "");
  private static final Header DATE = Header.of("Date", "");
  private static final String CONTENT_RANGE = "Content-Range";

  /** As Tomcat writes it, which gives no reason. */
  private static final byte[] STATUS_OK = "HTTP/1.1 200 \r\n".getBytes(US_ASCII);

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
    resident.headers().addTo(headers);
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

  /**
   * Writes status and headers of the whole fragment, as Tomcat does after {@link #prepare}.
   *
   * @param connection what Tomcat tells of the connection, whole lines
   */
  void writeHead(ByteBuffer head, byte[] connection) {
    head.put(STATUS_OK);
    resident.headers().writeTo(head);
    long ttl = resident.ttlSeconds();
    if (ttl != Resident.NO_TTL) {
      TTL.writeTo(head, Long.toString(ttl));
    }
    ACCEPT_RANGES.writeTo(head);
    BYTES.writeTo(head);
    CONTENT_LENGTH.writeTo(head, Long.toString(part.length()));
    DATE.writeTo(head, FastHttpDateFormat.getCurrentDate());
    head.put(connection).put(Header.LINE_END);
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
