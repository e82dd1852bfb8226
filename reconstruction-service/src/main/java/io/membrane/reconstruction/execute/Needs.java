package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.wire.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The slices that a model's worker reads: of every block of a prefix those of attention, of the
 * last one also those of state, if the model has any.
 */
record Needs(List<Slice> attention, List<Slice> state) {

  Needs {
    attention = List.copyOf(attention);
    state = List.copyOf(state);
  }

  /** Those of a model's worker; null if it stores nothing. */
  static @Nullable Needs of(Model model) {
    List<Slice> needs = model.needs();
    if (needs != null) {
      return new Needs(
          needs.stream().filter(slice -> slice.kind() == Slice.Kind.ATTN).toList(),
          needs.stream().filter(slice -> slice.kind() == Slice.Kind.STATE).toList());
    }
    return model.signature() == null
        ? null
        : new Needs(List.of(Slice.attention(model.signature().layers())), List.of());
  }

  /** Whether a worker's answer says what every block needs. */
  static boolean isWhole(@Nullable List<Slice> needs) {
    return needs == null
        || (needs.stream().allMatch(Objects::nonNull)
            && needs.stream().anyMatch(slice -> slice.kind() == Slice.Kind.ATTN));
  }

  /** All of them, as a match wants them. */
  List<Slice> slices() {
    List<Slice> all = new ArrayList<>(attention);
    all.addAll(state);
    return all;
  }

  /** The fragments of a prefix of these blocks, block by block. */
  List<List<FragmentKey>> keys(List<BlockHash> prefix) {
    List<List<FragmentKey>> keys = new ArrayList<>(prefix.size());
    for (int block = 0; block < prefix.size(); block++) {
      keys.add(keys(prefix.get(block), block == prefix.size() - 1 ? slices() : attention));
    }
    return keys;
  }

  static List<FragmentKey> keys(BlockHash block, List<Slice> slices) {
    return slices.stream().map(slice -> new FragmentKey(block, slice)).toList();
  }
}
