package io.membrane.directory.coaccess;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KnownBlocksTest {

  /** As engines have them that count, or whose hashes have 64 bits. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void blocksThatDifferInOneWordAloneAreAllKnown(int word) {
    KnownBlocks known = new KnownBlocks(new Random(3));
    for (int i = 0; i < 1000; i++) {
      assertThat(known.hash(known.add("d", hash(word, i)))).isEqualTo(hash(word, i));
    }
    for (int i = 0; i < 1000; i++) {
      assertThat(known.find("d", hash(word, i))).isEqualTo(i);
      assertThat(known.find("e", hash(word, i))).isEqualTo(KnownBlocks.NONE);
    }
  }

  private static BlockHash hash(int word, long value) {
    long[] words = new long[4];
    words[word] = value;
    return new BlockHash(words[0], words[1], words[2], words[3]);
  }
}
