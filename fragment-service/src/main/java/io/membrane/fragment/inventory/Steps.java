package io.membrane.fragment.inventory;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What a {@link Reconciliation} does with answers. */
final class Steps {

  /* The algorithm
   *
   * Range-based set reconciliation [1] over the SHA-256 of keys, with digests that cannot be forged.
   *
   * 1. Digests of the parts of a range, so many that a part has 16 to 32 of our entries. Parts with
   *    equal marks are done. What one side lacks wholly needs no comparison. A part that has more
   *    than 128 of our entries, because there were more entries than one answer has marks for or
   *    because somebody chose the keys, is divided again.
   * 2. The marks of the entries of the parts that differ.
   * 3. The entries whose marks we do not have. A key that comes so and that we hold with another
   *    digest is in conflict; what we hold and the other has no mark of is missing there.
   *
   * So a comparison takes three rounds where 2^16 parts suffice (4 million keys). What an answer
   * leads to goes on top of what it left open. A range only ever becomes smaller.
   *
   * [1] A. Meyer, "Range-Based Set Reconciliation" (2023), https://arxiv.org/abs/2212.13567
   */

  private static final int ENTRIES_PER_PART = 32;
  private static final int MOST_ENTRIES_PER_PART = 4 * ENTRIES_PER_PART;
  private static final int MOST_BITS = 16;
  private static final long[] ALL = {};
  private static final byte[] NOWHERE = {};

  private final Inventory inventory;
  private final Nonce nonce;
  private final int limit;
  private final Consumer<Difference> found;
  private final Deque<Work> work = new ArrayDeque<>();

  Steps(Inventory inventory, Nonce nonce, int limit, Consumer<Difference> found) {
    this.inventory = inventory;
    this.nonce = nonce;
    this.limit = limit;
    this.found = found;
    push(List.of(Range.ALL));
  }

  boolean isDone() {
    return work.isEmpty();
  }

  /** Takes from the work, which there is, as much as a question and its answer should hold. */
  Asked next() {
    return switch (work.pop()) {
      case Work.Compare w -> {
        int most =
            Math.min(Question.Head.mostRanges(limit), Question.Digests.mostRanges(limit, w.bits()));
        int n = Math.min(most, w.ranges().size());
        if (n < w.ranges().size()) {
          work.push(new Work.Compare(w.ranges().subList(n, w.ranges().size()), w.bits()));
        }
        Work.Compare now = new Work.Compare(w.ranges().subList(0, n), w.bits());
        InventoryDigest unless =
            w.ranges().getFirst().equals(Range.ALL) ? inventory.digest() : null;
        yield new Asked(now, new Question.Digests(head(now), w.bits(), unless));
      }
      case Work.Match w -> {
        int n = matchable(w.ranges());
        if (n < w.ranges().size()) {
          work.push(new Work.Match(w.ranges().subList(n, w.ranges().size()), null));
        }
        Work.Match now = new Work.Match(w.ranges().subList(0, n), w.from());
        yield new Asked(now, new Question.Marks(head(now), w.from()));
      }
      case Work.Fetch w -> {
        List<Work.Fetch> cut = w.cut(Question.Head.mostRanges(limit), Question.Marks.most(limit));
        if (cut.size() > 1) {
          work.push(cut.getLast());
        }
        Work.Fetch now = cut.getFirst();
        List<long[]> wanted = now.lacks().stream().map(Work.Lack::wanted).toList();
        yield new Asked(now, new Question.Entries(head(now), now.from(), now.to(), wanted));
      }
    };
  }

  /**
   * Takes an answer.
   *
   * @throws IllegalArgumentException if it is none; then nothing has changed
   */
  void take(Asked asked, byte[] bytes) {
    Answer answer = Codec.decodeAnswer(bytes, inventory);
    if (asked.work() instanceof Work.Compare w && answer instanceof Answer.Digests a) {
      compare(w, a.marks());
    } else if (asked.work() instanceof Work.Match w && answer instanceof Answer.Marks a) {
      match(w, a);
    } else if (asked.work() instanceof Work.Fetch w && answer instanceof Answer.Entries a) {
      fetch(w, a);
    } else if (!(answer instanceof Answer.Equal
        && asked.question() instanceof Question.Digests q
        && q.unless() != null)) {
      throw new IllegalArgumentException("this is the answer to another question");
    }
  }

  private void compare(Work.Compare asked, List<Long> theirs) {
    int answered = theirs.size() >>> asked.bits();
    int ranges = asked.ranges().size();
    if (answered < 1 || answered > ranges || answered << asked.bits() != theirs.size()) {
      throw new IllegalArgumentException(
          "%d marks do not answer for %d ranges in 2^%d parts"
              .formatted(theirs.size(), ranges, asked.bits()));
    }
    Work.Compare now = new Work.Compare(asked.ranges().subList(0, answered), asked.bits());
    List<Long> ours =
        Answering.digests(inventory, new Question.Digests(head(now), asked.bits(), null)).marks();
    List<Range> onlyHere = new ArrayList<>();
    List<Range> unlike = new ArrayList<>();
    for (int i = 0; i < ours.size(); i++) {
      if (!ours.get(i).equals(theirs.get(i))) {
        Range whole = now.ranges().get(i >>> asked.bits());
        Range part = whole.part(asked.bits(), i & ((1 << asked.bits()) - 1));
        (theirs.get(i) == Marker.NOTHING ? onlyHere : unlike).add(part);
      }
    }
    if (answered < ranges) {
      work.push(new Work.Compare(asked.ranges().subList(answered, ranges), asked.bits()));
    }
    push(unlike);
    onlyHere.forEach(this::tellAll);
  }

  /** Sorts ranges that differ by what to do about them. */
  private void push(List<Range> unlike) {
    List<Work.Lack> lacks = new ArrayList<>();
    List<Range> small = new ArrayList<>();
    Map<Integer, List<Range>> large = new TreeMap<>();
    for (Range range : unlike) {
      long count = inventory.count(range);
      if (count == 0) {
        lacks.add(new Work.Lack(range, ALL, List.of()));
      } else if (count <= MOST_ENTRIES_PER_PART || range.depth() == Range.MAX_DEPTH) {
        small.add(range);
      } else {
        large.computeIfAbsent(bits(range, count), bits -> new ArrayList<>()).add(range);
      }
    }
    large.forEach((bits, ranges) -> work.push(new Work.Compare(ranges, bits)));
    if (!small.isEmpty()) {
      work.push(new Work.Match(small, null));
    }
    if (!lacks.isEmpty()) {
      work.push(new Work.Fetch(lacks, null, null));
    }
  }

  private int bits(Range range, long count) {
    int wanted = Long.SIZE - Long.numberOfLeadingZeros((count - 1) / ENTRIES_PER_PART);
    int fit = 31 - Integer.numberOfLeadingZeros(limit / Marker.BYTES);
    int most = Math.min(Math.min(MOST_BITS, fit), Range.MAX_DEPTH - range.depth());
    return Math.clamp(wanted, Math.max(1, Inventory.STRIPE_BITS - range.depth()), most);
  }

  /** How many of the ranges have so few of our entries that an answer has marks for more; ≥ 1. */
  private int matchable(List<Range> ranges) {
    int most = Math.min(Question.Head.mostRanges(limit), ranges.size());
    long room = Question.Marks.most(limit) * 7L / 8 - inventory.count(ranges.getFirst());
    int n = 1;
    while (n < most && (room -= inventory.count(ranges.get(n))) >= 0) {
      n++;
    }
    return n;
  }

  private void match(Work.Match asked, Answer.Marks answer) {
    List<Range> ranges = asked.ranges();
    int answered = answer.sections().size();
    FragmentKey last = answer.last();
    if (answered > ranges.size() || (last == null && answered < ranges.size())) {
      throw new IllegalArgumentException(
          "%d sections of marks do not answer for %d ranges".formatted(answered, ranges.size()));
    }
    byte[] end = inventory.place(last);
    if (last != null) {
      Entry.requireBetween(inventory.place(asked.from()), end, NOWHERE);
      if (!ranges.get(answered - 1).contains(Entry.position(end, 0))) {
        throw new IllegalArgumentException("an answer ends outside of what was asked");
      }
      work.push(new Work.Match(ranges.subList(answered - 1, ranges.size()), last));
    }
    Marker marker = new Marker(nonce);
    List<Work.Lack> lacks = new ArrayList<>();
    List<byte[]> onlyHere = new ArrayList<>();
    for (int i = 0; i < answered; i++) {
      byte[] after = inventory.place(i == 0 ? asked.from() : null);
      List<byte[]> ours =
          inventory.entries(ranges.get(i), after, i == answered - 1 ? end : NOWHERE);
      long[] theirs = answer.sections().get(i).clone();
      Arrays.sort(theirs);
      long[] known = ours.stream().mapToLong(marker::ofEntry).sorted().toArray();
      long[] unknown = without(theirs, known);
      List<byte[]> suspects =
          ours.stream()
              .filter(entry -> Arrays.binarySearch(theirs, marker.ofEntry(entry)) < 0)
              .toList();
      if (unknown.length == 0) {
        onlyHere.addAll(suspects);
      } else {
        long[] wanted = unknown.length == theirs.length ? ALL : unknown;
        lacks.add(new Work.Lack(ranges.get(i), wanted, suspects));
      }
    }
    if (!lacks.isEmpty()) {
      FragmentKey from = lacks.getFirst().range().equals(ranges.getFirst()) ? asked.from() : null;
      boolean atEnd = lacks.getLast().range().equals(ranges.get(answered - 1));
      work.push(new Work.Fetch(lacks, from, atEnd ? last : null));
    }
    onlyHere.forEach(this::tellAbsent);
  }

  private void fetch(Work.Fetch asked, Answer.Entries answer) {
    List<Work.Lack> lacks = asked.lacks();
    byte[] previous = inventory.place(asked.from());
    byte[] to = inventory.place(asked.to());
    int at = 0;
    int[] lackOf = new int[answer.entries().size()];
    for (int i = 0; i < lackOf.length; i++) {
      byte[] entry = answer.entries().get(i);
      Entry.requireBetween(previous, entry, to);
      at = lackAt(lacks, at, entry);
      lackOf[i] = at;
      previous = entry;
    }
    FragmentKey last = answer.last();
    int done = lacks.size();
    if (last != null) {
      byte[] end = inventory.place(last);
      if (lackOf.length == 0 || Entry.compare(previous, 0, end, 0) != 0) {
        Entry.requireBetween(previous, end, to);
      }
      done = lackAt(lacks, at, end);
      work.push(new Work.Fetch(lacks.subList(done, lacks.size()), last, asked.to()));
    }
    for (int i = 0; i < lackOf.length; i++) {
      tellPresent(answer.entries().get(i), lacks.get(lackOf[i]));
    }
    lacks.subList(0, done).forEach(lack -> lack.absent().forEach(this::tellAbsent));
  }

  private void tellPresent(byte[] theirs, Work.Lack lack) {
    FragmentKey key = Entry.key(theirs, Entry.WIRE_AT);
    ContentDigest there = Entry.digest(theirs, 0);
    ContentDigest here = inventory.find(key);
    if (here == null || !here.equals(there)) {
      lack.meet(key);
      found.accept(new Difference(key, here, there));
    }
  }

  private void tellAbsent(byte[] ours) {
    found.accept(new Difference(Entry.key(ours, Entry.WIRE_AT), Entry.digest(ours, 0), null));
  }

  private void tellAll(Range range) {
    byte[] after = NOWHERE;
    Page page = new Page();
    do {
      inventory.page(range, after, page);
      for (int i = 0; i < page.size(); i++) {
        after = page.entry(i);
        tellAbsent(after);
      }
    } while (page.isFull());
  }

  private Question.Head head(Work w) {
    return new Question.Head(nonce, limit, w.ranges());
  }

  private static long[] without(long[] values, long[] sorted) {
    return Arrays.stream(values).filter(v -> Arrays.binarySearch(sorted, v) < 0).toArray();
  }

  /** The index, from {@code at} on, of the lack whose range has this place. */
  private static int lackAt(List<Work.Lack> lacks, int at, byte[] place) {
    for (int i = at; i < lacks.size(); i++) {
      if (lacks.get(i).range().contains(Entry.position(place, 0))) {
        return i;
      }
    }
    throw new IllegalArgumentException("an answer has a key that was not asked for");
  }
}
