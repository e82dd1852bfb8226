package io.membrane.directory.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.Seeds;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HashIndexTest {

  /** Room for 42 entries in six chunks of 12, and homes that are mostly the same ones. */
  @Test
  void whatIsInIsFoundAndNothingElseHoweverTheChunksSpill() {
    Seeds.forAll(
        100,
        random -> {
          HashIndex index = new HashIndex(42, random);
          long[] homes = random.longs(4).toArray();
          Map<Integer, Long> oracle = new HashMap<>();
          for (int step = 0; step < 400; step++) {
            int id = 1 + random.nextInt(60);
            Long home = oracle.remove(id);
            if (home != null) {
              index.remove(home, id);
            } else if (oracle.size() < 42) {
              long at = homes[random.nextInt(4)];
              oracle.put(id, at);
              index.insert(at, id);
            }
            for (long at : homes) {
              Set<Integer> expected = new HashSet<>();
              oracle.forEach((i, h) -> {
                if (h == at) {
                  expected.add(i);
                }
              });
              assertThat(found(index, at)).containsAll(expected);
              assertThat(oracle.keySet()).containsAll(found(index, at));
            }
          }
          oracle.forEach((id, home) -> index.remove(home, id));
          for (long at : homes) {
            assertThat(index.next(at, -1)).isEqualTo(-1);
          }
        });
  }

  @Test
  void everyWordOfAHashCountsAndSoDoesTheKey() {
    HashIndex index = new HashIndex(100, new Random(1));
    Set<Long> homes = new HashSet<>();
    for (long word = 0; word < 64; word++) {
      homes.add(index.home(1 + word, 2, 3, 4));
      homes.add(index.home(1, 200 + word, 3, 4));
      homes.add(index.home(1, 2, 300 + word, 4));
      homes.add(index.home(1, 2, 3, 400 + word));
    }
    homes.add(new HashIndex(100, new Random(2)).home(1, 2, 3, 4));
    assertThat(homes).hasSize(4 * 64 + 1);
  }

  @Test
  void moreThanItWasMadeForIsRefusedInTheEnd() {
    HashIndex index = new HashIndex(1, new Random(1));
    for (int id = 1; id <= 12; id++) {
      index.insert(0, id);
    }
    assertThatThrownBy(() -> index.insert(0, 13)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> index.remove(0, 14)).isInstanceOf(IllegalStateException.class);
  }

  private static Set<Integer> found(HashIndex index, long home) {
    Set<Integer> ids = new HashSet<>();
    for (int at = index.next(home, -1); at >= 0; at = index.next(home, at)) {
      ids.add(index.idAt(at));
    }
    ids.remove(0);
    return ids;
  }
}
