package io.membrane.directory.location;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers values from 0 in the order in which they first come. Not thread-safe. */
public final class Numbered<T> {

  private final Map<T, Integer> numbers = new HashMap<>();
  private final List<T> values = new ArrayList<>();

  /** The value's number. */
  public int number(T value) {
    Integer known = numbers.putIfAbsent(value, values.size());
    if (known != null) {
      return known;
    }
    values.add(value);
    return values.size() - 1;
  }

  /** The values in the order of their numbers; changes with this. */
  public List<T> values() {
    return values;
  }

  void clear() {
    numbers.clear();
    values.clear();
  }
}
