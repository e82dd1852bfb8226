package io.membrane.directory.location;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Numbers for values that many records share. A value keeps its number for ever. One thread enters;
 * any thread may ask for the value of a number that it found in a record.
 */
final class Dictionary<T> {

  private final String what;
  private final int limit;
  private final Map<T, Integer> numbers = new HashMap<>();
  private volatile AtomicReferenceArray<T> values = new AtomicReferenceArray<>(16);

  Dictionary(String what, int limit) {
    this.what = what;
    this.limit = limit;
  }

  /**
   * The number of a value, from 0.
   *
   * @throws IllegalStateException for a new value past the limit
   */
  int number(T value) {
    Integer known = numbers.get(value);
    if (known != null) {
      return known;
    }
    int number = numbers.size();
    if (number == limit) {
      throw new IllegalStateException("the image knows " + limit + " " + what + ", its limit");
    }
    if (number == values.length()) {
      AtomicReferenceArray<T> wider = new AtomicReferenceArray<>(2 * number);
      for (int i = 0; i < number; i++) {
        wider.setPlain(i, values.getPlain(i));
      }
      values = wider;
    }
    values.setRelease(number, value);
    numbers.put(value, number);
    return number;
  }

  boolean has(T value) {
    return numbers.containsKey(value);
  }

  T get(int number) {
    return values.getAcquire(number);
  }

  /** The values so far, in the order of their numbers. Any thread. */
  List<T> values() {
    AtomicReferenceArray<T> known = values;
    List<T> list = new ArrayList<>();
    for (int number = 0; number < known.length(); number++) {
      T value = known.getAcquire(number);
      if (value == null) {
        break;
      }
      list.add(value);
    }
    return list;
  }

  /** All numbers given so far are less. */
  int bound() {
    return values.length();
  }

  /** Values so far. Writer only. */
  int size() {
    return numbers.size();
  }
}
