package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.TokenSpan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads single blocks and what hangs on them. For one question; the writer goes on meanwhile. */
final class Blocks {

  private static final int MAX_LOOKS = 65_536;
  private static final int MAX_STARTS = 3;

  private final BlockTable table;
  private final int nowSeconds;
  private final Seen seen = new Seen();

  Blocks(BlockTable table, int nowSeconds) {
    this.table = table;
    this.nowSeconds = nowSeconds;
  }

  @Nullable KnownBlock of(BlockHash hash, String domain) {
    long[] key = new long[4];
    ChangeBatch.copy(hash, key, 0);
    if (table.readAll(key, 0, seen) == 0) {
      return null;
    }
    KnownBlock block = seenBlock(domain);
    boolean isTold =
        !block.copies().isEmpty()
            || (block.gone() != null
                && block.gone().place() != null
                && block.gone().place().source().domain().equals(domain));
    return isTold ? block : null;
  }

  /** Every step is found by its hash, since an id may become another block's meanwhile. */
  List<BlockHash> upTo(BlockHash last, String domain) {
    List<BlockHash> backwards = new ArrayList<>();
    long[] key = new long[4];
    ChangeBatch.copy(last, key, 0);
    for (int steps = 0; steps <= Records.MAX_BLOCK_INDEX; steps++) {
      if (table.readAll(key, 0, seen) == 0) {
        break;
      }
      if (hasCopyIn(domain)) {
        backwards.add(hash(seen.record));
      }
      if (!seen.hasParent) {
        break;
      }
      System.arraycopy(seen.parent, 0, key, 0, key.length);
    }
    return backwards.reversed();
  }

  int leading(List<BlockHash> chain, String domain) {
    long[] key = new long[4];
    int leading = 0;
    for (BlockHash hash : chain) {
      ChangeBatch.copy(hash, key, 0);
      if (table.readAll(key, 0, seen) == 0 || !hasCopyIn(domain)) {
        break;
      }
      leading++;
    }
    return leading;
  }

  void forEach(Consumer<KnownBlock> visitor) {
    for (int id = 1; id <= table.highestId(); id++) {
      if (table.records.readAll(id, seen)) {
        visitor.accept(seenBlock(null));
      }
    }
  }

  /** A list that changes while it is read is read again, and given up as it is in the end. */
  List<BlockHash> after(BlockHash hash, int limit, String domain) {
    long[] key = new long[4];
    ChangeBatch.copy(hash, key, 0);
    List<BlockHash> children = new ArrayList<>();
    for (int start = 0; start < MAX_STARTS; start++) {
      children.clear();
      int parent = table.readAll(key, 0, seen);
      if (parent == 0 || collect(key, limit, domain, children)) {
        break;
      }
    }
    return children;
  }

  /** By the parent's hash: its id may have become another block's. */
  private boolean collect(long[] parent, int limit, String domain, List<BlockHash> children) {
    int child = Records.firstChild(seen.record);
    for (int looks = 0; child != 0 && looks < MAX_LOOKS && children.size() < limit; looks++) {
      if (!table.records.readAll(child, seen)
          || !seen.hasParent
          || !Arrays.equals(seen.parent, parent)) {
        return false;
      }
      if (hasCopyIn(domain)) {
        children.add(hash(seen.record));
      }
      child = Records.next(seen.record);
    }
    return true;
  }

  private boolean hasCopyIn(String domain) {
    for (int i = 0; i < seen.count; i++) {
      Place place = seen.place(i);
      if (place.source().domain().equals(domain)
          && Gone.ending(seen.locations[i], place, nowSeconds) == null) {
        return true;
      }
    }
    return false;
  }

  /** The block just read, as one domain may know it; null: all of it. */
  private KnownBlock seenBlock(@Nullable String domain) {
    long[] record = seen.record;
    Namespace namespace = table.namespaces.get(Records.namespace(record[5]));
    int from = Records.blockIndex(record[6], record[7]) * namespace.blockTokens();
    Gone gone = null;
    List<KnownBlock.Copy> copies = new ArrayList<>(seen.count);
    for (int i = 0; i < seen.count; i++) {
      long location = seen.locations[i];
      Place place = seen.place(i);
      if (domain == null || place.source().domain().equals(domain)) {
        Gone ending = Gone.ending(location, place, nowSeconds);
        if (ending != null) {
          gone = ending;
        } else {
          copies.add(copy(location, place));
        }
      }
    }
    if (Location.kind(record[4]) == Location.GONE) {
      Gone.Why why = Gone.Why.of(Location.form(record[4]));
      gone = new Gone(why, Location.unixMs(Location.second(record[4])), seen.lastPlace);
    }
    return new KnownBlock(
        hash(record),
        namespace,
        seen.hasParent ? hash(seen.parent) : null,
        new TokenSpan(from, from + namespace.blockTokens()),
        copies,
        Records.uses(record[5]),
        copies.isEmpty() ? gone : null);
  }

  private KnownBlock.Copy copy(long location, Place place) {
    Form form = table.forms.get(Location.form(location));
    int end = Location.second(location);
    long endMs = end == Location.NO_END ? Long.MAX_VALUE : Location.unixMs(end);
    return new KnownBlock.Copy(place, form.slice(), form.bytes(), endMs);
  }

  private static BlockHash hash(long[] words) {
    return new BlockHash(words[0], words[1], words[2], words[3]);
  }
}
