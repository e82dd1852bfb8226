package io.membrane.directory.coaccess;

import com.carrotsearch.hppc.IntArrayList;
import com.carrotsearch.hppc.LongIntHashMap;
import io.membrane.block.BlockHash;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of sharing domains under small numbers, which are given again once they are free. Not
 * thread-safe.
 *
 * <p>A block is found by 64 bits that depend on a secret of its domain; all 256 bits of its hash
 * and the domain itself decide. So of two blocks with the same 64 bits the second is not known, and
 * none is ever taken for another.
 */
final class KnownBlocks {

  /** No block's number. */
  static final int NONE = -1;

  private static final int WORDS = 4;
  private static final int FIRST_ROOM = 64;

  private final RandomGenerator random;
  private final LongIntHashMap numbers = new LongIntHashMap();
  private final Map<String, Domain> domains = new HashMap<>();
  private final IntArrayList free = new IntArrayList();
  private long[] words = new long[WORDS * FIRST_ROOM];
  private @Nullable Domain[] owners = new Domain[FIRST_ROOM];
  private int end;

  private static final class Domain {
    private final String name;
    private final long secret;
    private int blocks;

    private Domain(String name, long secret) {
      this.name = name;
      this.secret = secret;
    }
  }

  /**
   * @param random draws the secrets
   */
  KnownBlocks(RandomGenerator random) {
    this.random = random;
  }

  /** How many blocks there are. */
  int size() {
    return numbers.size();
  }

  /** All numbers are below this. */
  int end() {
    return end;
  }

  /** The number of a block, or {@link #NONE}. */
  int find(String domain, BlockHash hash) {
    Domain owner = domains.get(domain);
    if (owner == null) {
      return NONE;
    }
    int block = numbers.getOrDefault(key(owner, hash), NONE);
    return block != NONE && owners[block] == owner && hash(block).equals(hash) ? block : NONE;
  }

  /** Gives a number to a block that has none; {@link #NONE} if its 64 bits are taken. */
  int add(String domain, BlockHash hash) {
    Domain owner = domains.computeIfAbsent(domain, name -> new Domain(name, random.nextLong()));
    long key = key(owner, hash);
    if (numbers.containsKey(key)) {
      return NONE;
    }
    int block = free.isEmpty() ? end++ : free.removeLast();
    if (block == owners.length) {
      owners = Arrays.copyOf(owners, 2 * block);
      words = Arrays.copyOf(words, 2 * WORDS * block);
    }
    numbers.put(key, block);
    owners[block] = owner;
    owner.blocks++;
    words[WORDS * block] = hash.w0();
    words[WORDS * block + 1] = hash.w1();
    words[WORDS * block + 2] = hash.w2();
    words[WORDS * block + 3] = hash.w3();
    return block;
  }

  /** Frees the number of a block. */
  void remove(int block) {
    Domain owner = Objects.requireNonNull(owners[block]);
    numbers.remove(key(owner, hash(block)));
    owners[block] = null;
    owner.blocks--;
    if (owner.blocks == 0) {
      domains.remove(owner.name);
    }
    free.add(block);
  }

  /** The hash of the block of a number. */
  BlockHash hash(int block) {
    int word = WORDS * block;
    return new BlockHash(words[word], words[word + 1], words[word + 2], words[word + 3]);
  }

  private static long key(Domain owner, BlockHash hash) {
    return hash.mixed(owner.secret);
  }
}
