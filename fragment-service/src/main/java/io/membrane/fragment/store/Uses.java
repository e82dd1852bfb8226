package io.membrane.fragment.store;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts what is read, for Redis' ranking, which hears of it from time to time. Past {@value #MOST}
 * names at a time the rest goes uncounted. Thread-safe.
 */
final class Uses {

  static final int MOST = 16_384;

  private final ReentrantLock lock = new ReentrantLock();
  private Map<Name, Integer> counted = new HashMap<>();

  void count(Name name) {
    count(List.of(name));
  }

  void count(List<Name> names) {
    lock.lock();
    try {
      for (Name name : names) {
        if (counted.size() < MOST || counted.containsKey(name)) {
          counted.merge(name, 1, Integer::sum);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** What was counted since the last time. */
  Map<Name, Integer> drain() {
    lock.lock();
    try {
      Map<Name, Integer> drained = counted;
      counted = new HashMap<>();
      return drained;
    } finally {
      lock.unlock();
    }
  }
}
