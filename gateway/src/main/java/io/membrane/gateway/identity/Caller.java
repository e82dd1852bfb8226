package io.membrane.gateway.identity;

import io.membrane.rpc.CallContext;
import java.util.EnumSet;
import java.util.Set;

/**
 * Who calls, as far as the gateway knows.
 *
 * @param tenant in whose name
 * @param principal what the credential is known by: a key's id or a token's subject
 * @param scopes what it allows
 */
public record Caller(String tenant, String principal, Set<Scope> scopes) {

  private static final Caller ANONYMOUS =
      new Caller(CallContext.DEFAULT_TENANT, "anonymous", EnumSet.allOf(Scope.class));

  public Caller {
    if (!CallContext.isTenant(tenant)) {
      throw new IllegalArgumentException("no tenant may be called " + tenant);
    }
    scopes = Set.copyOf(scopes);
  }

  /** Whoever calls where the operator allows everybody everything. */
  public static Caller anonymous() {
    return ANONYMOUS;
  }

  /** Whether it has that scope. */
  public boolean may(Scope scope) {
    return scopes.contains(scope);
  }
}
