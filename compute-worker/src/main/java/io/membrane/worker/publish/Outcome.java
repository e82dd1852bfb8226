package io.membrane.worker.publish;

import static java.util.Comparator.naturalOrder;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.LogPosition;
import io.membrane.wire.PrefillResponse.Unstored;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What became of slices that were to be stored.
 *
 * @param kept digests of those that are there now
 * @param conflicts how many the store keeps other bytes of
 * @param unstored those of which nobody says that they are there, in order
 * @param failure why not; null if there are none
 * @param logPosition event-log position at which the directory knows those that are kept
 */
record Outcome(
    Map<FragmentKey, ContentDigest> kept,
    int conflicts,
    List<FragmentKey> unstored,
    @Nullable MembraneException failure,
    @Nullable LogPosition logPosition) {

  static final Outcome NONE = new Outcome(Map.of(), 0, List.of(), null, null);

  /** None of {@code keys} is stored. */
  static Outcome failed(List<FragmentKey> keys, MembraneException failure) {
    return keys.isEmpty() ? NONE : new Outcome(Map.of(), 0, List.copyOf(keys), failure, null);
  }

  /** The log position as text. */
  @Nullable String position() {
    return logPosition == null ? null : logPosition.toString();
  }

  /** This and what came of those behind. */
  Outcome and(Outcome other) {
    Map<FragmentKey, ContentDigest> all = new HashMap<>(kept);
    all.putAll(other.kept);
    List<FragmentKey> lost = new ArrayList<>(unstored);
    lost.addAll(other.unstored);
    LogPosition latest =
        Stream.of(logPosition, other.logPosition)
            .filter(Objects::nonNull)
            .max(naturalOrder())
            .orElse(null);
    return new Outcome(
        all,
        conflicts + other.conflicts,
        List.copyOf(lost),
        failure == null ? other.failure : failure,
        latest);
  }

  /** What the caller is told of those that are not stored; null if all are. */
  @Nullable Unstored reported() {
    return failure == null ? null : new Unstored(unstored, failure.code().code(), failure.detail());
  }
}
