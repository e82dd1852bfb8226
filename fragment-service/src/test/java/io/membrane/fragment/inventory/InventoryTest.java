package io.membrane.fragment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.fixture.Seeds;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongUnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class InventoryTest {

  private static final List<LongUnaryOperator> FOLDS =
      List.of(
          LongUnaryOperator.identity(), p -> p & 0xFF0F, p -> p | 0xFFFF_FFFF_FFFF_0000L, p -> 0);

  @Test
  void holdsWhatWasAddedAndNotRemoved() {
    Seeds.forAll(
        40,
        random -> {
          LongUnaryOperator fold = FOLDS.get(random.nextInt(FOLDS.size()));
          Map<FragmentKey, ContentDigest> naive = new HashMap<>();
          Inventory inventory = new Inventory(fold);
          change(random, 1_500, naive, inventory);
          assertThat(inventory.size()).isEqualTo(naive.size());
          naive.forEach((key, digest) -> assertThat(inventory.find(key)).isEqualTo(digest));
          assertThat(inventory.find(Sets.key(random))).isNull();
        });
  }

  @Test
  void digestsFollowFromWhatIsHeldAndFromNothingElse() {
    Seeds.forAll(
        40,
        random -> {
          LongUnaryOperator fold = FOLDS.get(random.nextInt(FOLDS.size()));
          Map<FragmentKey, ContentDigest> naive = new HashMap<>();
          Inventory inventory = new Inventory(fold);
          for (int round = 0; round < 4; round++) {
            change(random, 600, naive, inventory);
            Inventory fresh = Sets.inventory(naive, fold);
            assertThat(inventory.digest()).isEqualTo(fresh.digest());
            assertThat(digests(inventory, 12)).isEqualTo(digests(fresh, 12));
          }
        });
  }

  /** The definition, from a sorted list: what another implementation would have to compute. */
  @Test
  void digestsAreThoseOfTheDefinition() {
    Seeds.forAll(
        20,
        random -> {
          LongUnaryOperator fold = FOLDS.get(random.nextInt(FOLDS.size()));
          Map<FragmentKey, ContentDigest> keys = Sets.keys(random, random.nextInt(3_000));
          List<byte[]> entries = new ArrayList<>();
          keys.forEach((key, digest) -> entries.add(Entry.of(key, digest, fold)));
          entries.sort(Arrays::compareUnsigned);
          Inventory inventory = Sets.inventory(keys, fold);
          List<String> expected = new ArrayList<>();
          for (int i = 0; i < 1 << 10; i++) {
            Range part = Range.ALL.part(10, i);
            List<byte[]> within =
                entries.stream().filter(e -> part.contains(Entry.position(e, 0))).toList();
            expected.add(HexFormat.of().formatHex(naiveDigest(within, 10)));
          }
          assertThat(digests(inventory, 10)).isEqualTo(expected);
        });
  }

  private static byte[] naiveDigest(List<byte[]> entries, int depth) {
    if (entries.isEmpty()) {
      return new byte[32];
    }
    MessageDigest sha = Sha256.start();
    if (entries.size() <= 64 || depth == 64) {
      sha.update((byte) 0);
      entries.forEach(entry -> sha.update(entry, 8, 76));
      return sha.digest();
    }
    sha.update((byte) 1);
    for (boolean right : new boolean[] {false, true}) {
      sha.update(
          naiveDigest(
              entries.stream()
                  .filter(e -> right == (((Entry.position(e, 0) >>> (63 - depth)) & 1) == 1))
                  .toList(),
              depth + 1));
    }
    return sha.digest();
  }

  @Test
  void oneChangeChangesTheDigestAndItsUndoingRestoresIt() {
    Seeds.forAll(
        50,
        random -> {
          Map<FragmentKey, ContentDigest> keys = Sets.keys(random, random.nextInt(300));
          Inventory inventory = Sets.inventory(keys);
          InventoryDigest before = inventory.digest();
          FragmentKey key = Sets.key(random);
          ContentDigest digest = Sets.digest(random);
          assertThat(inventory.add(key, digest)).isTrue();
          assertThat(inventory.digest()).isNotEqualTo(before);
          assertThat(inventory.add(key, Sets.digest(random))).isTrue();
          assertThat(inventory.remove(key, digest)).isFalse();
          assertThat(inventory.add(key, digest)).isTrue();
          assertThat(inventory.add(key, digest)).isFalse();
          assertThat(inventory.remove(key, digest)).isTrue();
          assertThat(inventory.remove(key, digest)).isFalse();
          assertThat(inventory.digest()).isEqualTo(before);
        });
  }

  @Test
  void slicesOfOneBlockAreSpreadOverTheRanges() {
    Inventory inventory = new Inventory();
    Random random = new Random(1);
    var hash = Seeds.hash(random);
    for (int rank = 0; rank < 10_000; rank++) {
      Slice slice = new Slice(Slice.Kind.ATTN, 0, 31, rank, 10_000);
      inventory.add(new FragmentKey(hash, slice), Sets.digest(random));
    }
    for (int i = 0; i < 256; i++) {
      assertThat(inventory.count(Range.ALL.part(8, i))).isBetween(1L, 100L);
    }
  }

  @Test
  void aSliceWithANumberThatTextCouldNotHaveIsRefused() {
    FragmentKey key =
        new FragmentKey(Seeds.hash(new Random(1)), new Slice(Slice.Kind.ATTN, 0, 1 << 20, 0, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Inventory().add(key, Sets.digest(new Random(2))));
  }

  @Test
  void manyThreadsLeaveWhatOneWouldLeave() throws ExecutionException, InterruptedException {
    int threads = 4;
    List<Map<FragmentKey, ContentDigest>> held = new ArrayList<>();
    Inventory inventory = new Inventory();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads + 1)) {
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        Map<FragmentKey, ContentDigest> own = new HashMap<>();
        held.add(own);
        RandomGenerator random = new Random(t);
        all.add(pool.submit(() -> change(random, 5_000, own, inventory)));
      }
      all.add(
          pool.submit(() -> {
            for (int i = 0; i < 50; i++) {
              inventory.digest();
            }
          }));
      for (Future<?> f : all) {
        f.get();
      }
    }
    Map<FragmentKey, ContentDigest> naive = new HashMap<>();
    held.forEach(naive::putAll);
    assertThat(inventory.digest()).isEqualTo(Sets.inventory(naive).digest());
  }

  private static void change(
      RandomGenerator random,
      int times,
      Map<FragmentKey, ContentDigest> naive,
      Inventory inventory) {
    List<FragmentKey> keys = new ArrayList<>(naive.keySet());
    for (int i = 0; i < times; i++) {
      if (keys.isEmpty() || random.nextInt(3) > 0) {
        FragmentKey key = Sets.key(random);
        ContentDigest digest = Sets.digest(random);
        assertThat(inventory.add(key, digest)).isTrue();
        naive.put(key, digest);
        keys.add(key);
      } else {
        int at = random.nextInt(keys.size());
        FragmentKey key = keys.get(at);
        keys.set(at, keys.getLast());
        keys.removeLast();
        ContentDigest digest = Objects.requireNonNull(naive.remove(key));
        assertThat(inventory.remove(key, digest)).isTrue();
      }
    }
  }

  private static List<String> digests(Inventory inventory, int bits) {
    List<String> digests = new ArrayList<>();
    inventory.digests(Range.ALL, bits, digest -> digests.add(HexFormat.of().formatHex(digest)));
    assertThat(digests).hasSize(1 << bits);
    return digests;
  }
}
