package io.membrane.gateway.identity;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.filter.OncePerRequestFilter;

/** Says to the services whose request it is, whatever the outside claims. */
public final class TenantFilter extends OncePerRequestFilter {

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Caller caller =
        Callers.of(request)
            .orElseThrow(() -> new IllegalStateException("nobody said whose request this is"));
    chain.doFilter(new OutsideRequest(request, caller.tenant()), response);
  }
}
