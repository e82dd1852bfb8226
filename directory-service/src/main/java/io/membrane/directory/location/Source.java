package io.membrane.directory.location;

import org.jspecify.annotations.Nullable;

/**
 * Whose events they are: a node's within one sharing domain. Two clusters may each have a node of
 * the same name, two regions each a cluster, and what one tenant says of a node changes nothing of
 * another's.
 *
 * @param region null for this one
 */
public record Source(@Nullable String region, String cluster, String node, String domain) {

  /** One of this region. */
  public Source(String cluster, String node, String domain) {
    this(null, cluster, node, domain);
  }
}
