package io.membrane.fragment.inventory;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Naive sets of keys with digests: generated, changed, and compared one by one. */
final class Sets {

  private Sets() {}

  static FragmentKey key(RandomGenerator random) {
    int size = 1 << random.nextInt(4);
    Slice.Kind kind = random.nextInt(8) == 0 ? Slice.Kind.STATE : Slice.Kind.ATTN;
    int first = random.nextInt(100);
    Slice slice = new Slice(kind, first, first + random.nextInt(100), random.nextInt(size), size);
    return new FragmentKey(Seeds.hash(random), slice);
  }

  static ContentDigest digest(RandomGenerator random) {
    return new ContentDigest(Seeds.hash(random).hex());
  }

  static Map<FragmentKey, ContentDigest> keys(RandomGenerator random, int count) {
    Map<FragmentKey, ContentDigest> keys = new HashMap<>();
    for (int i = 0; i < count; i++) {
      keys.put(key(random), digest(random));
    }
    return keys;
  }

  /** A copy in which each key is removed, or given another digest, or joined by one more. */
  static Map<FragmentKey, ContentDigest> changed(
      RandomGenerator random, Map<FragmentKey, ContentDigest> keys, double share) {
    Map<FragmentKey, ContentDigest> copy = new HashMap<>(keys);
    for (FragmentKey key : keys.keySet()) {
      if (random.nextDouble() < share) {
        switch (random.nextInt(3)) {
          case 0 -> copy.remove(key);
          case 1 -> copy.put(key, digest(random));
          default -> copy.put(key(random), digest(random));
        }
      }
    }
    return copy;
  }

  static Inventory inventory(Map<FragmentKey, ContentDigest> keys) {
    return inventory(keys, LongUnaryOperator.identity());
  }

  static Inventory inventory(Map<FragmentKey, ContentDigest> keys, LongUnaryOperator fold) {
    Inventory inventory = new Inventory(fold);
    keys.forEach(inventory::add);
    return inventory;
  }

  static Set<Difference> differences(
      Map<FragmentKey, ContentDigest> here, Map<FragmentKey, ContentDigest> there) {
    Set<FragmentKey> all = new HashSet<>(here.keySet());
    all.addAll(there.keySet());
    Set<Difference> differences = new HashSet<>();
    for (FragmentKey key : all) {
      @Nullable ContentDigest a = here.get(key);
      @Nullable ContentDigest b = there.get(key);
      if (a == null ? b != null : !a.equals(b)) {
        differences.add(new Difference(key, a, b));
      }
    }
    return differences;
  }
}
