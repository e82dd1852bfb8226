package io.membrane.reconstruction.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Slice;
import io.membrane.wire.DirectoryClient.BlockPlace;
import io.membrane.wire.DirectoryClient.KnownBlock;
import io.membrane.wire.DirectoryClient.StoredSlice;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockLayoutTest {

  private static final Slice FIRST = Slice.parse("attn.0-3.0of2");
  private static final Slice SECOND = Slice.parse("attn.0-3.1of2");

  private static BlockPlace place(String tier, StoredSlice... slices) {
    return new BlockPlace(null, "local", "node", tier, List.of(slices));
  }

  @Test
  void itIsEverySliceOnceWithTheLargestOfItsSizes() {
    BlockLayout layout =
        BlockLayout.of(
            new KnownBlock(
                List.of(
                    place("redis", new StoredSlice(FIRST, 10), new StoredSlice(SECOND, 20)),
                    place("memory", new StoredSlice(FIRST, 15)))));

    assertThat(layout.slices()).containsExactly(FIRST, SECOND);
    assertThat(layout.bytes()).isEqualTo(35);
  }

  @Test
  void whatLiesInAnEngineOrInAnotherRegionDoesNotCount() {
    StoredSlice slice = new StoredSlice(FIRST, 10);
    BlockPlace far = new BlockPlace("far", "local", "node", "redis", List.of(slice));

    BlockLayout layout = BlockLayout.of(new KnownBlock(List.of(place("gpu", slice), far)));

    assertThat(layout.slices()).isEmpty();
  }
}
