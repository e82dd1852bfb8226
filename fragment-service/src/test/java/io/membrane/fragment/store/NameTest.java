package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class NameTest {

  private static final int RANKS = 60;

  /** Slices of one block whose layers and ranks add up to the same code. */
  @Test
  void namesOfOneCodeHaveAnOrderByWhichMapsFindThem() {
    BlockHash hash = new BlockHash(1, 2, 3, 4);
    List<Name> names = new ArrayList<>();
    for (int rank = 0; rank < RANKS; rank++) {
      int layer = RANKS - rank;
      names.add(name(hash, layer, 127 * rank, 127 * RANKS));
    }
    assertThat(names).extracting(Name::hashCode).containsOnly(names.getFirst().hashCode());
    Collections.shuffle(names, new Random(1));
    assertThat(new HashSet<>(names)).hasSize(RANKS).containsAll(names);
    assertThat(new TreeSet<>(names)).hasSize(RANKS).containsAll(names);
    for (Name name : names) {
      assertThat(Name.parse(name.toString())).isEqualByComparingTo(name).isEqualTo(name);
    }
  }

  private static Name name(BlockHash hash, int layer, int rank, int size) {
    Slice slice = new Slice(Slice.Kind.ATTN, layer, layer, rank, size);
    return Name.of("tenant:t", new FragmentKey(hash, slice));
  }
}
