package io.membrane.reconstruction.prefetch;

import io.membrane.block.Slice;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.wire.DirectoryClient.BlockPlace;
import io.membrane.wire.DirectoryClient.KnownBlock;
import io.membrane.wire.DirectoryClient.Place;
import io.membrane.wire.DirectoryClient.StoredSlice;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which fragments the blocks of a namespace are stored as.
 *
 * @param bytes of all of them together, at least 1
 */
record BlockLayout(List<Slice> slices, long bytes) {

  BlockLayout {
    slices = List.copyOf(slices);
  }

  /**
   * As one block is stored where it can be fetched from; without slices if it is not.
   *
   * @param kind of the slices that count
   */
  static BlockLayout of(KnownBlock block, Slice.Kind kind) {
    Map<String, Long> largest =
        block.places().stream()
            .filter(BlockLayout::isFetchedFrom)
            .flatMap(place -> place.slices().stream())
            .filter(stored -> stored.slice().kind() == kind)
            .collect(
                Collectors.toMap(
                    s -> s.slice().toString(), StoredSlice::bytes, Math::max, TreeMap::new));
    long bytes = largest.values().stream().mapToLong(Long::longValue).sum();
    return new BlockLayout(
        largest.keySet().stream().map(Slice::parse).toList(), Math.max(1, bytes));
  }

  private static boolean isFetchedFrom(BlockPlace place) {
    return Stored.isFetchedFrom(
        new Place(place.cluster(), place.node(), place.tier(), List.of(), place.region(), null));
  }
}
