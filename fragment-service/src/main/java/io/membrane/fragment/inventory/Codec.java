package io.membrane.fragment.inventory;

import io.membrane.block.FragmentKey;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Questions and answers as bytes, big-endian.
 *
 * <pre>
 * question  | version 1 | kind 1 | nonce 16 | limit 4 | depth 1 | ranges 4 | prefix ⌈depth / 8⌉ … |
 *           kind 1, digests: | bits 1 | 0        1 |
 *                            | bits 1 | 1 1 | count 8 | SHA-256 32 |
 *           kind 2, marks:   | from |
 *           kind 3, entries: | from | to | of each range: marks 4 | mark 6 … |
 *
 * answer    | version 1 | kind 1 |
 *           kind 0, equal
 *           kind 1, digests: | marks 4 | mark 6 … |
 *           kind 2, marks:   | last | sections 4 | of each: marks 4 | mark 6 … |
 *           kind 3, entries: | last | entries 4 | key 44, content digest 32 … |
 *
 * from, to, last   | 0 1 |   or   | 1 1 | key 44 |
 * </pre>
 *
 * Keys and content digests are drawn in {@link Entry}. A version that is not {@value #VERSION}, a
 * kind that is not drawn, a count that the bytes do not bear out, and bytes that are left over are
 * an {@link IllegalArgumentException}. Nothing is allocated for a count before it is checked.
 */
final class Codec {

  static final byte VERSION = 1;

  /** The longest question or answer is no longer. */
  static final int MAX_BYTES = 2 * Question.MAX_LIMIT;

  private static final byte EQUAL = 0;
  private static final byte DIGESTS = 1;
  private static final byte MARKS = 2;
  private static final byte ENTRIES = 3;
  private static final int START_BYTES = 256;

  private Codec() {}

  static byte[] encode(Question question) {
    Question.Head head = question.head();
    Output out = new Output(START_BYTES).u8(VERSION);
    out.u8(
        switch (question) {
          case Question.Digests q -> DIGESTS;
          case Question.Marks q -> MARKS;
          case Question.Entries q -> ENTRIES;
        });
    out.bytes(head.nonce().toBytes()).u32(head.limit()).u8(head.depth()).u32(head.ranges().size());
    int prefixBytes = prefixBytes(head.depth());
    for (Range range : head.ranges()) {
      for (int i = 1; i <= prefixBytes; i++) {
        out.u8((int) (range.prefix() >>> (Long.SIZE - Byte.SIZE * i)));
      }
    }
    switch (question) {
      case Question.Digests q -> {
        out.u8(q.bits());
        InventoryDigest unless = q.unless();
        out.u8(unless == null ? 0 : 1);
        if (unless != null) {
          out.u64(unless.count()).bytes(HexFormat.of().parseHex(unless.sha256()));
        }
      }
      case Question.Marks q -> out.key(q.from());
      case Question.Entries q -> {
        out.key(q.from()).key(q.to());
        q.wanted().forEach(out::marks);
      }
    }
    return out.toBytes();
  }

  static byte[] encode(Answer answer) {
    Output out = new Output(START_BYTES).u8(VERSION);
    switch (answer) {
      case Answer.Equal a -> out.u8(EQUAL);
      case Answer.Digests a ->
          out.u8(DIGESTS).marks(a.marks().stream().mapToLong(Long::longValue).toArray());
      case Answer.Marks a -> {
        out.u8(MARKS).key(a.last()).u32(a.sections().size());
        a.sections().forEach(out::marks);
      }
      case Answer.Entries a -> {
        out.u8(ENTRIES).key(a.last()).u32(a.entries().size());
        a.entries().forEach(entry -> out.bytes(entry, Entry.WIRE_AT, Entry.WIRE_BYTES));
      }
    }
    return out.toBytes();
  }

  static Question decodeQuestion(byte[] bytes) {
    Input in = new Input(bytes);
    int kind = in.u8();
    Nonce nonce = new Nonce(in.u64(), in.u64());
    int limit = in.u32();
    int depth = in.u8();
    int prefixBytes = prefixBytes(depth);
    int count = in.count(Math.max(1, prefixBytes));
    List<Range> ranges = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      ranges.add(new Range(depth, in.prefix(prefixBytes)));
    }
    Question.Head head = new Question.Head(nonce, limit, ranges);
    Question question =
        switch (kind) {
          case DIGESTS -> new Question.Digests(head, in.u8(), digest(in));
          case MARKS -> new Question.Marks(head, in.key());
          case ENTRIES -> {
            FragmentKey from = in.key();
            FragmentKey to = in.key();
            yield new Question.Entries(head, from, to, sections(in, count));
          }
          default -> throw new IllegalArgumentException("no question is of kind " + kind);
        };
    in.end();
    return question;
  }

  /** Reads an answer for {@code inventory}, which places the entries. */
  static Answer decodeAnswer(byte[] bytes, Inventory inventory) {
    Input in = new Input(bytes);
    int kind = in.u8();
    Answer answer =
        switch (kind) {
          case EQUAL -> new Answer.Equal();
          case DIGESTS -> {
            List<Long> marks = new ArrayList<>();
            for (long mark : in.marks()) {
              marks.add(mark);
            }
            yield new Answer.Digests(marks);
          }
          case MARKS -> {
            FragmentKey last = in.key();
            yield new Answer.Marks(sections(in, in.count(Integer.BYTES)), last);
          }
          case ENTRIES -> {
            FragmentKey last = in.key();
            int count = in.count(Entry.WIRE_BYTES);
            List<byte[]> entries = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
              entries.add(inventory.entry(in.bytes(Entry.WIRE_BYTES), 0));
            }
            yield new Answer.Entries(entries, last);
          }
          default -> throw new IllegalArgumentException("no answer is of kind " + kind);
        };
    in.end();
    return answer;
  }

  private static List<long[]> sections(Input in, int count) {
    List<long[]> sections = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      sections.add(in.marks());
    }
    return sections;
  }

  private static @Nullable InventoryDigest digest(Input in) {
    return in.flag()
        ? new InventoryDigest(in.u64(), HexFormat.of().formatHex(in.bytes(Sha256.BYTES)))
        : null;
  }

  private static int prefixBytes(int depth) {
    return (depth + Byte.SIZE - 1) / Byte.SIZE;
  }
}
