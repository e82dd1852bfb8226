package io.membrane.fragment.offheap;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class FreeBitsTest {

  @Test
  void holdsWhatASetHolds() {
    Seeds.forAll(
        60,
        random -> {
          int bound = 1 + random.nextInt(1 << random.nextInt(15));
          FreeBits bits = new FreeBits(bound);
          TreeSet<Integer> oracle = new TreeSet<>();
          for (int step = 0; step < 500; step++) {
            int i = random.nextInt(bound);
            if (oracle.remove(i)) {
              bits.remove(i);
            } else {
              oracle.add(i);
              bits.add(i);
            }
            assertThat(bits.contains(i)).isEqualTo(oracle.contains(i));
            assertThat(bits.isEmpty()).isEqualTo(oracle.isEmpty());
            if (!oracle.isEmpty()) {
              assertThat(bits.first()).isEqualTo(oracle.first());
            }
          }
        });
  }

  @Test
  void nothingIsFreeFromTheBoundOn() {
    assertThat(new FreeBits(0).isEmpty()).isTrue();
    assertThat(new FreeBits(0).contains(0)).isFalse();
    assertThat(new FreeBits(64).contains(1 << 20)).isFalse();
  }
}
