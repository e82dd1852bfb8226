package io.membrane.directory.location;

import java.util.HashMap;
import java.util.Map;

/** One object for equal values, so that millions of copies name few of them. Not thread-safe. */
final class Shared<T> {

  private static final int LIMIT = 65_536;

  private final Map<T, T> values = new HashMap<>();

  T one(T value) {
    if (values.size() == LIMIT) {
      values.clear();
    }
    T known = values.putIfAbsent(value, value);
    return known == null ? value : known;
  }
}
