package io.membrane.gateway.identity;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tags for tenants. The first {@value #MOST} are told apart and the rest is {@value #OTHERS}, so
 * that callers cannot make any number of series. Thread-safe.
 */
final class TenantTags {

  static final int MOST = 64;
  static final String OTHERS = "other";

  /** Where nobody was recognised. */
  static final String NOBODY = "none";

  private final Set<String> known = ConcurrentHashMap.newKeySet();

  String tag(String tenant) {
    if (known.contains(tenant)) {
      return tenant;
    }
    synchronized (known) {
      return known.size() < MOST && known.add(tenant) ? tenant : OTHERS;
    }
  }
}
