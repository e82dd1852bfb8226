package io.membrane.gateway.identity;

import io.membrane.rpc.CallContext;
import io.membrane.wire.DirectoryClient;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;

/**
 * A request as the gateway sees it: the tenant is the one that the gateway found, nobody from
 * outside is a directory of another region, the credential and what proxies said end here, and
 * asking for parameters never reads a body, since a form's body belongs to the service like any
 * other.
 */
final class OutsideRequest extends HttpServletRequestWrapper {

  private static final Set<String> WITHHELD =
      Set.of(
          DirectoryClient.PEER_HEADER.toLowerCase(Locale.ROOT),
          "authorization",
          "proxy-authorization",
          "cookie",
          "forwarded",
          "x-real-ip");

  private final String tenant;

  OutsideRequest(HttpServletRequest request, String tenant) {
    super(request);
    this.tenant = tenant;
  }

  @Override
  public @Nullable String getHeader(String name) {
    return isTenant(name) ? tenant : isWithheld(name) ? null : super.getHeader(name);
  }

  @Override
  public Enumeration<String> getHeaders(String name) {
    if (isWithheld(name)) {
      return Collections.emptyEnumeration();
    }
    return isTenant(name) ? Collections.enumeration(List.of(tenant)) : super.getHeaders(name);
  }

  @Override
  public Enumeration<String> getHeaderNames() {
    Set<String> names = new LinkedHashSet<>();
    for (String name : Collections.list(super.getHeaderNames())) {
      if (!isTenant(name) && !isWithheld(name)) {
        names.add(name);
      }
    }
    names.add(CallContext.TENANT_HEADER);
    return Collections.enumeration(names);
  }

  @Override
  public @Nullable String getParameter(String name) {
    return isForm() ? null : super.getParameter(name);
  }

  @Override
  public Map<String, String[]> getParameterMap() {
    return isForm() ? Map.of() : super.getParameterMap();
  }

  @Override
  public Enumeration<String> getParameterNames() {
    return isForm() ? Collections.emptyEnumeration() : super.getParameterNames();
  }

  @Override
  public String @Nullable [] getParameterValues(String name) {
    return isForm() ? null : super.getParameterValues(name);
  }

  private static boolean isTenant(String name) {
    return CallContext.TENANT_HEADER.equalsIgnoreCase(name);
  }

  /** What no service is to hear from outside. */
  private static boolean isWithheld(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    return WITHHELD.contains(small) || small.startsWith("x-forwarded-");
  }

  private boolean isForm() {
    String type = getContentType();
    return type != null
        && type.toLowerCase(Locale.ROOT).startsWith(MediaType.APPLICATION_FORM_URLENCODED_VALUE);
  }
}
