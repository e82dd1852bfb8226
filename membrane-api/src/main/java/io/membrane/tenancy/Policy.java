package io.membrane.tenancy;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What holds for one tenant.
 *
 * @param quotaBytes most payload bytes it may have stored, over all tiers; null: no limit. Bytes
 *     that others store too count in full, so that a quota tells nothing about them
 * @param quotaFragments most names it may have stored; null: no limit
 * @param ttlSeconds life of what it stores and does not say; null: the service's default
 * @param sharing who sees what it stores
 * @param group with {@link Sharing#GROUP} and only then: letters, digits, '.', '_', '-'
 * @param priorityClass 0 to 7; what is of a lower class goes first
 * @param reuse what its requests may ask for; null: {@link Reuse#EXACT}
 */
public record Policy(
    @Nullable Long quotaBytes,
    @Nullable Long quotaFragments,
    @Nullable Long ttlSeconds,
    Sharing sharing,
    @Nullable String group,
    int priorityClass,
    @Nullable Reuse reuse) {

  /** Class of a tenant whose policy does not say. */
  public static final int DEFAULT_CLASS = 3;

  /** Longest life: ten years. */
  public static final long MAX_TTL_SECONDS = 3650L * 24 * 60 * 60;

  private static final int CLASSES = 8;
  private static final Pattern GROUP = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  /**
   * @throws IllegalArgumentException says what is wrong
   */
  public Policy {
    requireQuota("quota_bytes", quotaBytes);
    requireQuota("quota_fragments", quotaFragments);
    if (ttlSeconds != null && (ttlSeconds < 1 || ttlSeconds > MAX_TTL_SECONDS)) {
      throw new IllegalArgumentException("ttl_seconds is 1 to " + MAX_TTL_SECONDS);
    }
    if ((sharing == Sharing.GROUP) != (group != null)) {
      throw new IllegalArgumentException("group is given with sharing group, and only then");
    }
    if (group != null && !GROUP.matcher(group).matches()) {
      throw new IllegalArgumentException(
          "group is 1 to 128 letters, digits, '.', '_' and '-', not '%.80s'".formatted(group));
    }
    if (priorityClass < 0 || priorityClass >= CLASSES) {
      throw new IllegalArgumentException("priority_class is 0 to 7, not " + priorityClass);
    }
  }

  /** A policy of exact reuse alone. */
  public Policy(
      @Nullable Long quotaBytes,
      @Nullable Long quotaFragments,
      @Nullable Long ttlSeconds,
      Sharing sharing,
      @Nullable String group,
      int priorityClass) {
    this(quotaBytes, quotaFragments, ttlSeconds, sharing, group, priorityClass, null);
  }

  private static void requireQuota(String name, @Nullable Long quota) {
    if (quota != null && quota < 0) {
      throw new IllegalArgumentException(name + " is at least 0, or absent for no limit");
    }
  }

  /** What holds for a tenant that nobody has said anything about. */
  public static Policy standard(Sharing sharing) {
    return new Policy(null, null, null, sharing, null, DEFAULT_CLASS);
  }

  /** Text of the domain in which the tenant reads and writes; without a slash. */
  public String domain(String tenant) {
    return switch (sharing) {
      case ISOLATED -> "tenant:" + tenant;
      case GROUP -> "group:" + group;
      case PUBLIC -> "public";
    };
  }
}
