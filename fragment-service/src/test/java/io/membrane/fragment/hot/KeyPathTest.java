package io.membrane.fragment.hot;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class KeyPathTest {

  private static final String ALPHABET = "0123456789abcdefABCDEF-./%;?attnsateof ";

  @Test
  void exactlyWhatAKeyIsIsAccepted() {
    Seeds.forAll(
        20_000,
        random -> {
          String key = mutated(key(random), random);
          assertThat(KeyPath.parse("/v1/fragments/" + key)).as(key).isEqualTo(oracle(key));
        });
  }

  @Test
  void otherPathsAreNotKeys() {
    assertThat(KeyPath.parse("/")).isNull();
    assertThat(KeyPath.parse("/v1/fragments/exists")).isNull();
    assertThat(KeyPath.parse("/v2/fragments/" + "a".repeat(64) + "/attn.0-0.0of1")).isNull();
  }

  private static @Nullable FragmentKey oracle(String key) {
    try {
      return FragmentKey.parse(key);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static String key(RandomGenerator random) {
    return Seeds.hash(random)
        + "/%s.%s-%s.%sof%s"
            .formatted(
                random.nextBoolean() ? "attn" : "state",
                number(random),
                number(random),
                number(random),
                number(random));
  }

  private static String number(RandomGenerator random) {
    int value = random.nextInt(1 << (1 + random.nextInt(22)));
    return random.nextInt(20) == 0 ? "0" + value : Integer.toString(value);
  }

  /** Half of them as they are; the others with a character put in, left out or replaced. */
  private static String mutated(String key, RandomGenerator random) {
    StringBuilder text = new StringBuilder(key);
    int at = random.nextInt(key.length());
    char other = ALPHABET.charAt(random.nextInt(ALPHABET.length()));
    switch (random.nextInt(6)) {
      case 0 -> text.insert(at, other);
      case 1 -> text.deleteCharAt(at);
      case 2 -> text.setCharAt(at, other);
      default -> {}
    }
    return text.toString();
  }
}
