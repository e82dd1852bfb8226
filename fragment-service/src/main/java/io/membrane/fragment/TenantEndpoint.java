package io.membrane.fragment;

import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.Tenants;
import io.membrane.fragment.store.Usage;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Reuse;
import io.membrane.tenancy.Sharing;
import io.swagger.v3.oas.annotations.Operation;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** What tenants may store, and what they have stored. */
@RestController
final class TenantEndpoint {

  private final Tenants tenants;
  private final Sharing sharing;

  TenantEndpoint(FragmentStore store, FragmentProperties properties) {
    this.tenants = store.tenants();
    this.sharing = properties.sharing();
  }

  /**
   * A policy as it is sent; what is left out is as for a tenant without one.
   *
   * @param ttlSeconds life of what names none
   */
  record PolicyRequest(
      @Nullable Long quotaBytes,
      @Nullable Long quotaFragments,
      @Nullable Long ttlSeconds,
      @Nullable Sharing sharing,
      @Nullable String group,
      @Nullable Integer priorityClass,
      @Nullable Reuse reuse) {}

  /**
   * What a tenant is charged for.
   *
   * @param bytes payload bytes, each name in full, over all tiers
   * @param fragments names
   */
  record TenantUsage(
      String tenant,
      long bytes,
      @Nullable Long quotaBytes,
      long fragments,
      @Nullable Long quotaFragments) {}

  @Operation(summary = "What a tenant has stored, against its quota")
  @GetMapping("/v1/tenants/{tenant}/usage")
  TenantUsage usage(@PathVariable String tenant) {
    Policy policy = tenants.policy(named(tenant));
    Usage usage = tenants.usage(tenant);
    return new TenantUsage(
        tenant, usage.bytes(), policy.quotaBytes(), usage.fragments(), policy.quotaFragments());
  }

  @Operation(summary = "What holds for a tenant")
  @GetMapping("/v1/tenants/{tenant}/policy")
  Policy policy(@PathVariable String tenant) {
    return tenants.policy(named(tenant));
  }

  @Operation(
      summary = "Say what holds for a tenant",
      description =
          "Quota, life, sharing (isolated, group or public), priority class (0 to 7), reuse (exact,"
              + " shifted or approximate)")
  @PutMapping("/v1/tenants/{tenant}/policy")
  Policy setPolicy(@PathVariable String tenant, @RequestBody PolicyRequest request) {
    Policy policy = policy(request);
    tenants.setPolicy(named(tenant), policy);
    return policy;
  }

  private Policy policy(PolicyRequest request) {
    Integer priority = request.priorityClass();
    try {
      return new Policy(
          request.quotaBytes(),
          request.quotaFragments(),
          request.ttlSeconds(),
          request.sharing() == null ? sharing : request.sharing(),
          request.group(),
          priority == null ? Policy.DEFAULT_CLASS : priority,
          request.reuse());
    } catch (IllegalArgumentException e) {
      throw new MembraneException(ErrorCode.IMPOSSIBLE_REQUEST, String.valueOf(e.getMessage()), e);
    }
  }

  private static String named(String tenant) {
    if (!CallContext.isTenant(tenant)) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST, "a tenant is 1 to 128 letters, digits, '.', '_' and '-'");
    }
    return tenant;
  }
}
