package io.membrane.directory.coaccess;

import java.util.Arrays;

/** Numbers in the order in which they were touched last. Not thread-safe. */
final class RecencyList {

  static final int NONE = -1;

  /** Neighbours of a number that is not in the list. */
  private static final int ABSENT = -2;

  private static final int FIRST_ROOM = 64;

  private int[] newer = absent(FIRST_ROOM);
  private int[] older = absent(FIRST_ROOM);
  private int newest = NONE;
  private int oldest = NONE;
  private int size;

  private static int[] absent(int length) {
    int[] neighbours = new int[length];
    Arrays.fill(neighbours, ABSENT);
    return neighbours;
  }

  int size() {
    return size;
  }

  /** The number that was touched longest ago, or {@link #NONE}. */
  int oldest() {
    return oldest;
  }

  boolean contains(int number) {
    return number < newer.length && newer[number] != ABSENT;
  }

  /** Makes a number the newest; it need not be in the list. */
  void touch(int number) {
    if (contains(number)) {
      remove(number);
    } else if (number >= newer.length) {
      int before = newer.length;
      int room = Math.max(2 * before, number + 1);
      newer = Arrays.copyOf(newer, room);
      older = Arrays.copyOf(older, room);
      Arrays.fill(newer, before, room, ABSENT);
      Arrays.fill(older, before, room, ABSENT);
    }
    newer[number] = NONE;
    older[number] = newest;
    if (newest == NONE) {
      oldest = number;
    } else {
      newer[newest] = number;
    }
    newest = number;
    size++;
  }

  /** Takes out a number that is in the list. */
  void remove(int number) {
    if (newer[number] == NONE) {
      newest = older[number];
    } else {
      older[newer[number]] = older[number];
    }
    if (older[number] == NONE) {
      oldest = newer[number];
    } else {
      newer[older[number]] = newer[number];
    }
    newer[number] = ABSENT;
    older[number] = ABSENT;
    size--;
  }
}
