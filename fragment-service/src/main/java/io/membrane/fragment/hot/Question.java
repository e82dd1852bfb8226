package io.membrane.fragment.hot;

import io.membrane.block.FragmentKey;
import io.membrane.rpc.CallContext;
import java.util.List;
import java.util.Locale;
import org.apache.coyote.Request;
import org.apache.tomcat.util.http.MimeHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A request for a fragment, plain enough to be answered from memory.
 *
 * @param isHead whether the headers alone are asked for
 * @param range null for the whole
 * @param ifNoneMatch one tag, not a list
 */
record Question(
    FragmentKey key,
    String tenant,
    boolean isHead,
    @Nullable AskedRange range,
    @Nullable String ifRange,
    @Nullable String ifNoneMatch) {

  private static final String RANGE = "Range";
  private static final String IF_RANGE = "If-Range";
  private static final String IF_NONE_MATCH = "If-None-Match";

  private static final String ACCEPT_ENCODING = "Accept-Encoding";

  /** What the slow way alone understands, or refuses. */
  private static final List<String> ODD =
      List.of("Expect", "Content-Length", "Transfer-Encoding", "Content-Encoding");

  private static final List<String> AT_MOST_ONCE =
      List.of(
          RANGE,
          IF_RANGE,
          IF_NONE_MATCH,
          ACCEPT_ENCODING,
          CallContext.TENANT_HEADER,
          CallContext.DEADLINE_HEADER);

  /** A tag of the form as zstd ends so, inside the quotes. */
  private static final String ZSTD = "zstd";

  private static final int MAX_TENANT = 128;
  private static final int MAX_DEADLINE_DIGITS = 18;

  /** Null if there is anything about the request that this is not made for. */
  static @Nullable Question of(Request request) {
    String method = request.getMethod();
    boolean isHead = "HEAD".equals(method);
    if ((!isHead && !"GET".equals(method)) || !request.queryString().isNull()) {
      return null;
    }
    FragmentKey key = KeyPath.parse(request.requestURI().toString());
    MimeHeaders headers = request.getMimeHeaders();
    return key == null || !isPlain(headers) ? null : of(key, isHead, headers);
  }

  private static @Nullable Question of(FragmentKey key, boolean isHead, MimeHeaders headers) {
    String tenant = value(headers, CallContext.TENANT_HEADER);
    String deadline = value(headers, CallContext.DEADLINE_HEADER);
    String asked = isHead ? null : value(headers, RANGE);
    String tag = value(headers, IF_NONE_MATCH);
    AskedRange range = asked == null ? null : AskedRange.parse(asked);
    if ((tenant != null && !isTenant(tenant))
        || (deadline != null && !isMilliseconds(deadline))
        || (asked != null && range == null)
        || (tag != null && (tag.indexOf(',') >= 0 || tag.endsWith(ZSTD + '"')))
        || !takesPlain(headers)) {
      return null;
    }
    return new Question(
        key,
        tenant == null ? CallContext.DEFAULT_TENANT : tenant,
        isHead,
        range,
        value(headers, IF_RANGE),
        tag);
  }

  /** Whether nothing is said of codings, or nothing of those that there may be. */
  private static boolean takesPlain(MimeHeaders headers) {
    String codings = value(headers, ACCEPT_ENCODING);
    if (codings == null || codings.equals("identity")) {
      return true;
    }
    String small = codings.toLowerCase(Locale.ROOT);
    return small.indexOf('*') < 0 && !small.contains("identity") && !small.contains(ZSTD);
  }

  private static boolean isPlain(MimeHeaders headers) {
    for (String name : ODD) {
      if (headers.findHeader(name, 0) >= 0) {
        return false;
      }
    }
    for (String name : AT_MOST_ONCE) {
      int first = headers.findHeader(name, 0);
      if (first >= 0 && headers.findHeader(name, first + 1) >= 0) {
        return false;
      }
    }
    return true;
  }

  private static @Nullable String value(MimeHeaders headers, String name) {
    int at = headers.findHeader(name, 0);
    return at < 0 ? null : headers.getValue(at).toString();
  }

  private static boolean isTenant(String tenant) {
    for (int i = 0; i < tenant.length(); i++) {
      char c = tenant.charAt(i);
      boolean isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!isLetter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') {
        return false;
      }
    }
    return !tenant.isEmpty() && tenant.length() <= MAX_TENANT;
  }

  private static boolean isMilliseconds(String deadline) {
    boolean isPositive = false;
    for (int i = 0; i < deadline.length(); i++) {
      char c = deadline.charAt(i);
      if (c < '0' || c > '9') {
        return false;
      }
      isPositive |= c > '0';
    }
    return isPositive && deadline.length() <= MAX_DEADLINE_DIGITS;
  }

  /** Whether all bytes are asked for, whatever they are. */
  boolean isForWhole() {
    return !isHead && range == null && ifNoneMatch == null;
  }

  /** Whether the caller has these bytes already. */
  boolean isKnown(String etag) {
    if (ifNoneMatch == null) {
      return false;
    }
    String tag = ifNoneMatch.startsWith("W/") ? ifNoneMatch.substring(2) : ifNoneMatch;
    return tag.equals("*") || tag.equals(etag);
  }

  /** The range, unless it was asked for in case of other bytes. */
  @Nullable AskedRange rangeOf(String etag) {
    return ifRange == null || ifRange.equals(etag) ? range : null;
  }
}
