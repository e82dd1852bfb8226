package io.membrane.directory.location;

import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Makes an image of what {@link BlockEncoder} wrote. Nothing of it is seen before {@link #finish}.
 * For the image's writer.
 */
public final class BlockDecoder {

  private final Changes changes;
  private final int nowSeconds;
  private final Runnable publish;
  private final List<Integer> namespaces = new ArrayList<>();
  private final List<Integer> forms = new ArrayList<>();
  private final List<Integer> places = new ArrayList<>(List.of(Places.NONE));
  private final long[] keys = new long[8];
  private final long[] before = new long[4];
  private final long[] locations = new long[LocationLists.MAX_LENGTH];
  private long blocks;

  BlockDecoder(Changes changes, int nowSeconds, Runnable publish) {
    this.changes = changes;
    this.nowSeconds = nowSeconds;
    this.publish = publish;
  }

  /**
   * Takes the next piece.
   *
   * @throws IllegalArgumentException if it is none
   * @throws IllegalStateException if a limit of the image refuses what it names
   */
  public void take(byte[] piece) {
    try {
      ByteBuffer in = ByteBuffer.wrap(piece);
      int length = in.getInt();
      dictionaries(new ByteArrayInputStream(piece, in.position(), length));
      in.position(in.position() + length);
      while (in.hasRemaining()) {
        block(in);
      }
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IOException e) {
      throw new IllegalArgumentException("blocks end too early or point nowhere", e);
    }
  }

  /** Blocks in the pieces so far. */
  public long blocks() {
    return blocks;
  }

  /** Puts what was taken, and how far each source's events have come, in the image's place. */
  public void finish(Map<Source, NodeProgress> progress) {
    changes.restore(progress);
    publish.run();
  }

  private void block(ByteBuffer in) {
    blocks++;
    for (int i = 0; i < 4; i++) {
      keys[i] = in.getLong();
    }
    long what = in.getLong();
    long where = in.getLong();
    int count =
        switch (Location.kind(where)) {
          case Location.ONE -> {
            locations[0] = location(where);
            yield 1;
          }
          case Location.LIST -> {
            int length = Location.length(where);
            for (int i = 0; i < length; i++) {
              locations[i] = location(in.getLong());
            }
            yield length;
          }
          case Location.GONE -> 0;
          default -> throw new IllegalArgumentException("a block is nowhere");
        };
    int parent = (int) (what >>> BlockEncoder.PARENT_SHIFT);
    for (int i = 0; i < 4; i++) {
      keys[4 + i] = parent == BlockEncoder.PARENT_WRITTEN ? in.getLong() : before[i];
    }
    System.arraycopy(keys, 0, before, 0, 4);
    changes.restore(
        keys,
        parent != BlockEncoder.NO_PARENT,
        namespaces.get(Records.namespace(what)),
        (int) (what >>> BlockEncoder.INDEX_SHIFT) & Records.MAX_BLOCK_INDEX,
        Records.age(what),
        Records.uses(what),
        locations,
        count,
        count == 0 ? gone(where) : 0,
        nowSeconds);
  }

  private long location(long word) {
    return Location.one(
        places.get(Location.place(word)), forms.get(Location.form(word)), Location.second(word));
  }

  private long gone(long word) {
    return Location.gone(
        places.get(Location.place(word)), Gone.Why.of(Location.form(word)), Location.second(word));
  }

  private void dictionaries(ByteArrayInputStream bytes) throws IOException {
    DataInputStream in = new DataInputStream(bytes);
    for (int left = in.readInt(); left > 0; left--) {
      Namespace namespace = new Namespace(in.readUTF(), in.readUTF(), in.readUTF(), in.readInt());
      namespaces.add(changes.table.namespaces.number(namespace));
    }
    for (int left = in.readInt(); left > 0; left--) {
      forms.add(changes.form(new Form(Slice.parse(in.readUTF()), in.readLong())));
    }
    for (int left = in.readInt(); left > 0; left--) {
      Source source = new Source(in.readUTF(), in.readUTF(), in.readUTF());
      Place place = changes.table.places.findOrAdd(source, in.readUTF());
      if (place == null) {
        throw new IllegalStateException("there are more places than the image can know");
      }
      places.add(place.id);
    }
    if (bytes.available() > 0) {
      throw new IllegalArgumentException("dictionaries go on after their end");
    }
  }
}
