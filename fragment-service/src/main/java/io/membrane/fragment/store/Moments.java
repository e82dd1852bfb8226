package io.membrane.fragment.store;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Which keys were forgotten since when: so that what was looked up before is not taken for true
 * after. Remembers the last {@value #REMEMBERED}; of what is older it says that it was forgotten.
 * Not thread-safe but for {@link #now}.
 */
final class Moments<K> {

  static final int REMEMBERED = 8192;

  private final Map<K, Long> forgotten = new LinkedHashMap<>();
  private final AtomicLong now = new AtomicLong(1);
  private long allBefore;

  /** The present moment: everything forgotten from here on is later. */
  long now() {
    return now.get();
  }

  void forgotten(K key) {
    forgotten.remove(key);
    forgotten.put(key, now.incrementAndGet());
    if (forgotten.size() > REMEMBERED) {
      Iterator<Long> oldest = forgotten.values().iterator();
      allBefore = oldest.next();
      oldest.remove();
    }
  }

  void allForgotten() {
    allBefore = now.incrementAndGet();
    forgotten.clear();
  }

  boolean wasForgottenSince(K key, long moment) {
    return allBefore > moment || forgotten.getOrDefault(key, 0L) > moment;
  }
}
