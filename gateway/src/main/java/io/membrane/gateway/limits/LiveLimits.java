package io.membrane.gateway.limits;

import io.membrane.reload.LiveSettings;
import java.util.List;
import org.springframework.boot.context.properties.bind.Binder;

/** Limits that are changed while requests come: the next request is held against the new. */
public final class LiveLimits implements LiveSettings {

  private static final String NAME = "membrane.gateway.limits";

  private final LimitFilter filter;
  private final boolean redis;

  /**
   * @param redis whether replicas can know of each other
   */
  public LiveLimits(LimitFilter filter, boolean redis) {
    this.filter = filter;
    this.redis = redis;
  }

  /** Whether a tenant has others, by now, than those that hold where nothing is configured. */
  public boolean areSetFor(String tenant) {
    return filter.properties().areSetFor(tenant);
  }

  @Override
  public List<String> prefixes() {
    return List.of(NAME + ".");
  }

  @Override
  public Runnable prepared(Binder properties) {
    LimitProperties next = properties.bindOrCreate(NAME, LimitProperties.class).checked(redis);
    return () -> filter.replace(next);
  }
}
