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
                    place("memory", new StoredSlice(FIRST, 15)))),
            Slice.Kind.ATTN);

    assertThat(layout.slices()).containsExactly(FIRST, SECOND);
    assertThat(layout.bytes()).isEqualTo(35);
  }

  @Test
  void statesAndAttentionAreApart() {
    Slice state = Slice.parse("state.0-3.0of1");
    KnownBlock block =
        new KnownBlock(
            List.of(place("redis", new StoredSlice(FIRST, 10), new StoredSlice(state, 70))));

    assertThat(BlockLayout.of(block, Slice.Kind.ATTN).bytes()).isEqualTo(10);
    assertThat(BlockLayout.of(block, Slice.Kind.STATE).slices()).containsExactly(state);
    assertThat(BlockLayout.of(block, Slice.Kind.STATE).bytes()).isEqualTo(70);
  }

  @Test
  void whatLiesInAnEngineOrInAnotherRegionDoesNotCount() {
    StoredSlice slice = new StoredSlice(FIRST, 10);
    BlockPlace far = new BlockPlace("far", "local", "node", "redis", List.of(slice));

    BlockLayout layout =
        BlockLayout.of(new KnownBlock(List.of(place("gpu", slice), far)), Slice.Kind.ATTN);

    assertThat(layout.slices()).isEmpty();
  }
}
