package io.membrane.fragment.eviction;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who goes before whom: a lower class before a higher one, within a class by its {@link Ranking}.
 */
final class Precedence<K> {

  private final List<Ranking<K>> rankings =
      Stream.generate(Ranking<K>::new).limit(EvictionPolicy.PRIORITY_CLASSES).toList();

  /** The ranking of an entry's class. */
  Ranking<K> of(Entry<K> entry) {
    return rankings.get(entry.priorityClass);
  }

  /**
   * Who has to go so that {@code bytes} are free; they are out of their rankings but still held.
   *
   * @param newcomer who must not rank below a victim, or null if anybody may go
   * @return null if it cannot be done; then nothing has changed
   */
  @Nullable List<Entry<K>> victims(
      long bytes, @Nullable Entry<K> newcomer, Predicate<? super K> busy) {
    List<Entry<K>> victims = new ArrayList<>();
    List<Entry<K>> passedOver = new ArrayList<>();
    long missing = bytes;
    while (missing > 0 && passedOver.size() < EvictionPolicy.MOST_PASSED_OVER) {
      Entry<K> next = next(newcomer);
      if (next == null) {
        break;
      }
      of(next).remove(next);
      if (busy.test(next.key)) {
        passedOver.add(next);
      } else {
        victims.add(next);
        missing -= next.bytes;
      }
    }
    replace(passedOver);
    if (missing > 0) {
      replace(victims);
      return null;
    }
    return victims;
  }

  private @Nullable Entry<K> next(@Nullable Entry<K> newcomer) {
    for (int i = 0; i < rankings.size(); i++) {
      if (!rankings.get(i).isEmpty()) {
        Entry<K> first = rankings.get(i).first();
        boolean spared =
            newcomer != null
                && (i > newcomer.priorityClass
                    || (i == newcomer.priorityClass && newcomer.before(first)));
        return spared ? null : first;
      }
    }
    return null;
  }

  private void replace(List<Entry<K>> entries) {
    for (Entry<K> entry : entries) {
      of(entry).place(entry);
    }
  }
}
