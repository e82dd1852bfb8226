package io.membrane.fragment.membrain;

import java.util.random.RandomGenerator;

/** Texts of any characters, the rare ones as often as the others. */
final class Texts {

  private static final int[] RARE = {'%', '/', '+', ' ', '\n', ':', ';', '?', '#', 0xE9, 0x20AC};

  private Texts() {}

  static String any(RandomGenerator random, int characters) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < characters; i++) {
      text.appendCodePoint(
          switch (random.nextInt(4)) {
            case 0 -> RARE[random.nextInt(RARE.length)];
            case 1 -> 0x1F600 + random.nextInt(64);
            default -> 'a' + random.nextInt(26);
          });
    }
    return text.toString();
  }
}
