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
 * outside is a directory of another region, and asking for parameters never reads a body, since a
 * form's body belongs to the service like any other.
 */
final class OutsideRequest extends HttpServletRequestWrapper {

  private final String tenant;

  OutsideRequest(HttpServletRequest request, String tenant) {
    super(request);
    this.tenant = tenant;
  }

  @Override
  public @Nullable String getHeader(String name) {
    return isTenant(name) ? tenant : isPeer(name) ? null : super.getHeader(name);
  }

  @Override
  public Enumeration<String> getHeaders(String name) {
    if (isPeer(name)) {
      return Collections.emptyEnumeration();
    }
    return isTenant(name) ? Collections.enumeration(List.of(tenant)) : super.getHeaders(name);
  }

  @Override
  public Enumeration<String> getHeaderNames() {
    Set<String> names = new LinkedHashSet<>();
    for (String name : Collections.list(super.getHeaderNames())) {
      if (!isTenant(name) && !isPeer(name)) {
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

  private static boolean isPeer(String name) {
    return DirectoryClient.PEER_HEADER.equalsIgnoreCase(name);
  }

  private boolean isForm() {
    String type = getContentType();
    return type != null
        && type.toLowerCase(Locale.ROOT).startsWith(MediaType.APPLICATION_FORM_URLENCODED_VALUE);
  }
}
