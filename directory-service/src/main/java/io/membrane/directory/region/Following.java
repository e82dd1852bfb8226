package io.membrane.directory.region;

import java.time.Duration;

/**
 * How other regions are followed.
 *
 * @param ownRegion name of this region; anything if there are no others
 * @param key what the directories of all regions show to each other; as {@code ownRegion}
 * @param staleAfter a region that has said nothing for so long is stale, its connection given up
 * @param forgetAfter a region that was neither named by a discovery nor heard for so long is
 *     forgotten
 */
public record Following(String ownRegion, String key, Duration staleAfter, Duration forgetAfter) {

  /** Without the secret. */
  @Override
  public String toString() {
    return "Following[ownRegion=%s, staleAfter=%s, forgetAfter=%s]"
        .formatted(ownRegion, staleAfter, forgetAfter);
  }
}
