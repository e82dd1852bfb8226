package io.membrane.gateway.identity;

import io.membrane.rpc.CallContext;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Says whose request it is. No credentials are configured, so everybody is tenant {@value
 * CallContext#DEFAULT_TENANT}, whatever a {@value CallContext#TENANT_HEADER} from outside claims.
 */
public final class TenantFilter extends OncePerRequestFilter {

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    chain.doFilter(new OutsideRequest(request, CallContext.DEFAULT_TENANT), response);
  }
}
