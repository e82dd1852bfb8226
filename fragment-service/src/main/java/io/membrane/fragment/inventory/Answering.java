package io.membrane.fragment.inventory;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Answers questions out of an inventory. An answer is no longer than its limit, and ends early
 * after {@value #MOST_READ} entries were read for it; what it hashes are these, the marks it holds,
 * and what has changed since digests were last asked for.
 */
final class Answering {

  static final int MOST_READ = 1 << 18;

  private Answering() {}

  static Answer answer(Inventory inventory, Question question) {
    return switch (question) {
      case Question.Digests q ->
          inventory.digest().equals(q.unless()) ? new Answer.Equal() : digests(inventory, q);
      case Question.Marks q -> marks(inventory, q);
      case Question.Entries q -> entries(inventory, q);
    };
  }

  static Answer.Digests digests(Inventory inventory, Question.Digests question) {
    Question.Head head = question.head();
    Marker marker = new Marker(head.nonce());
    int ranges =
        Math.min(head.ranges().size(), Question.Digests.mostRanges(head.limit(), question.bits()));
    List<Long> marks = new ArrayList<>(ranges << question.bits());
    for (Range range : head.ranges().subList(0, ranges)) {
      inventory.digests(range, question.bits(), digest -> marks.add(marker.ofDigest(digest)));
    }
    return new Answer.Digests(marks);
  }

  private static Answer.Marks marks(Inventory inventory, Question.Marks question) {
    Question.Head head = question.head();
    Marker marker = new Marker(head.nonce());
    long[] section = new long[Question.Marks.most(head.limit())];
    int room = section.length;
    List<long[]> sections = new ArrayList<>();
    Page page = new Page();
    byte[] after = inventory.place(question.from());
    for (Range range : head.ranges()) {
      int size = 0;
      do {
        inventory.page(range, after, page);
        for (int i = 0; i < page.size(); i++) {
          byte[] entry = page.entry(i);
          section[size++] = marker.ofEntry(entry);
          after = entry;
          if (size == room) {
            sections.add(Arrays.copyOf(section, size));
            return new Answer.Marks(sections, Entry.key(entry, Entry.WIRE_AT));
          }
        }
      } while (page.isFull());
      sections.add(Arrays.copyOf(section, size));
      room -= size;
    }
    return new Answer.Marks(sections, null);
  }

  private static Answer.Entries entries(Inventory inventory, Question.Entries question) {
    Question.Head head = question.head();
    Marker marker = new Marker(head.nonce());
    int most = Question.Entries.most(head.limit());
    List<byte[]> entries = new ArrayList<>();
    byte[] after = inventory.place(question.from());
    byte[] to = inventory.place(question.to());
    Page page = new Page();
    int read = 0;
    for (int r = 0; r < head.ranges().size(); r++) {
      long[] wanted = question.wanted().get(r).clone();
      Arrays.sort(wanted);
      do {
        inventory.page(head.ranges().get(r), after, page);
        for (int i = 0; i < page.size(); i++) {
          byte[] entry = page.entry(i);
          if (to.length > 0 && Entry.compare(entry, 0, to, 0) > 0) {
            return new Answer.Entries(entries, null);
          }
          after = entry;
          if (wanted.length == 0 || Arrays.binarySearch(wanted, marker.ofEntry(entry)) >= 0) {
            entries.add(entry);
          }
          if (entries.size() == most || ++read == MOST_READ) {
            return new Answer.Entries(entries, Entry.key(entry, Entry.WIRE_AT));
          }
        }
      } while (page.isFull());
    }
    return new Answer.Entries(entries, null);
  }
}
