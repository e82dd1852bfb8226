package io.membrane.boot;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.util.Collections;
import java.util.Enumeration;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;

/** A request that claims a form and has no body, as {@code curl -d ''} sends it: it has no type. */
final class EmptyForm extends HttpServletRequestWrapper {

  private EmptyForm(HttpServletRequest request) {
    super(request);
  }

  /** {@code request} itself unless it claims a form and has no body. */
  static HttpServletRequest of(HttpServletRequest request) {
    boolean empty =
        request.getContentLengthLong() <= 0
            && request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null;
    return empty
            && MediaType.APPLICATION_FORM_URLENCODED_VALUE.equalsIgnoreCase(
                request.getContentType())
        ? new EmptyForm(request)
        : request;
  }

  @Override
  public @Nullable String getContentType() {
    return null;
  }

  @Override
  public @Nullable String getHeader(String name) {
    return isContentType(name) ? null : super.getHeader(name);
  }

  @Override
  public Enumeration<String> getHeaders(String name) {
    return isContentType(name) ? Collections.emptyEnumeration() : super.getHeaders(name);
  }

  @Override
  public Enumeration<String> getHeaderNames() {
    return Collections.enumeration(
        Collections.list(super.getHeaderNames()).stream().filter(n -> !isContentType(n)).toList());
  }

  private static boolean isContentType(String name) {
    return HttpHeaders.CONTENT_TYPE.equalsIgnoreCase(name);
  }
}
