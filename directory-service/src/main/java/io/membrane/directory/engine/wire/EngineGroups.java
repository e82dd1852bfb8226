package io.membrane.directory.engine.wire;

import io.membrane.block.Slice;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which of a model's caches count. A hybrid model has several: the first that holds full (or
 * latent) attention stands for the blocks, the first that holds recurrent states for the states; a
 * sliding window, cross attention and further groups say nothing of a prefix. An engine that does
 * not say what its groups are has one, 0. Not thread-safe.
 */
final class EngineGroups {

  private final Map<Integer, Slice.Kind> counted = new HashMap<>();
  private final Map<Slice.Kind, Integer> first = new EnumMap<>(Slice.Kind.class);

  /** What a group holds, learned from what the engine says it is; null if it does not count. */
  Slice.@Nullable Kind learn(int group, @Nullable String says) {
    Slice.Kind known = counted.get(group);
    if (known != null) {
      return known;
    }
    Slice.Kind kind = kind(group, says);
    if (kind == null || first.putIfAbsent(kind, group) != null) {
      return null;
    }
    counted.put(group, kind);
    return kind;
  }

  /** The same of a group that stored something before, else null. */
  Slice.@Nullable Kind of(int group) {
    return counted.get(group);
  }

  private static Slice.@Nullable Kind kind(int group, @Nullable String says) {
    return switch (says) {
      case null -> group == 0 ? Slice.Kind.ATTN : null;
      case "full_attention", "mla_attention", "sink_full_attention" -> Slice.Kind.ATTN;
      case "mamba", "linear_attention" -> Slice.Kind.STATE;
      default -> null;
    };
  }
}
