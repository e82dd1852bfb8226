package io.membrane.reconstruction.plan;

import io.membrane.wire.ReconstructionClient.Alternative;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a plan fetches as much as it does.
 *
 * @param costMs what all of it is expected to take; null where nothing is known to expect it from
 * @param alternatives what was not chosen
 * @param reason in words
 */
public record Choice(@Nullable Double costMs, List<Alternative> alternatives, String reason) {

  public Choice {
    alternatives = List.copyOf(alternatives);
  }

  static Choice of(String reason) {
    return new Choice(null, List.of(), reason);
  }
}
