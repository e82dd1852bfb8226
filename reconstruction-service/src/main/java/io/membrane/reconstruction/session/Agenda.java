package io.membrane.reconstruction.session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Sessions by the time at which something is to be done for them. Not thread-safe. */
final class Agenda {

  private record Entry(long atMs, long number, SessionKey key) {
    static final Comparator<Entry> ORDER =
        Comparator.comparingLong(Entry::atMs).thenComparingLong(Entry::number);
  }

  private final TreeSet<Entry> entries = new TreeSet<>(Entry.ORDER);
  private final Map<SessionKey, Entry> bySession = new HashMap<>();
  private long numbers;

  /** Notes a time, in place of the one that was noted for the session before. */
  void put(SessionKey key, long atMs) {
    remove(key);
    Entry entry = new Entry(atMs, numbers++, key);
    entries.add(entry);
    bySession.put(key, entry);
  }

  void remove(SessionKey key) {
    Entry entry = bySession.remove(key);
    if (entry != null) {
      entries.remove(entry);
    }
  }

  /** Takes out those whose time has come, the earliest first. */
  List<SessionKey> due(long nowMs) {
    List<SessionKey> due = new ArrayList<>();
    while (!entries.isEmpty() && entries.first().atMs() <= nowMs) {
      SessionKey key = entries.first().key();
      remove(key);
      due.add(key);
    }
    return due;
  }
}
