package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the blocks of a chain, one after the other. For one match.
 *
 * <p>Blocks that were stored one after the other have neighbouring records. So a block is first
 * looked for in the record after that of the block before, which the processor has mostly fetched
 * by then, and only if it is not there by the index. That waits for two lines of memory, one after
 * the other: so the next {@value #WAVE} blocks are looked up with it, whose lines do not wait for
 * each other.
 */
final class Lookup {

  private static final int WAVE = 16;

  private final BlockTable table;
  private final List<BlockHash> chain;
  private final int highestId;
  private final long[] hashes = new long[4 * WAVE];
  private final long[] homes = new long[WAVE];
  private final long[] own = new long[WAVE];
  private int waveStart;
  private int waveEnd;
  private long readAhead;

  /** Record of the block found last; 0 if it was not found. */
  private int id;

  /** Whether it is the neighbour of the one before; then so is the next, most likely. */
  private boolean isInRow;

  /** Where that lies, if it is one place. */
  private long location;

  private @Nullable Place place;

  /** What {@link #find} found. */
  final Seen seen = new Seen();

  Lookup(BlockTable table, List<BlockHash> chain) {
    this.table = table;
    this.chain = chain;
    this.highestId = table.highestId();
  }

  /**
   * Whether a block has the record after the one found last and lies where that does, at one living
   * place. Then it counts as found, though {@link #seen} stays.
   */
  boolean isNeighbourAtSamePlace(int block) {
    Place before = place;
    if (before == null || block < waveEnd || !mayGoOn() || before.death() != null) {
      return false;
    }
    BlockHash hash = chain.get(block);
    if (!table.records.liesAt(id + 1, hash, location, before)) {
      return false;
    }
    id++;
    return true;
  }

  /** Finds a block; the one before was asked for before, if there is one. */
  boolean find(int block) {
    if (block >= waveEnd) {
      if (isNeighbour(block)) {
        found(id + 1);
        return true;
      }
      readAhead(block);
    }
    int i = block - waveStart;
    found(table.read(hashes, 4 * i, homes[i], own[i], seen));
    return id != 0;
  }

  private boolean mayGoOn() {
    return isInRow && id != 0 && id < highestId;
  }

  private boolean isNeighbour(int block) {
    if (!mayGoOn()) {
      return false;
    }
    ChangeBatch.copy(chain.get(block), hashes, 0);
    return table.records.read(id + 1, hashes, 0, seen);
  }

  private void found(int record) {
    isInRow = record == id + 1;
    id = record;
    boolean isAtOnePlace = record != 0 && Location.kind(seen.record[4]) == Location.ONE;
    location = isAtOnePlace ? seen.record[4] : 0;
    place = isAtOnePlace ? seen.place(0) : null;
  }

  private void readAhead(int block) {
    waveStart = block;
    waveEnd = Math.min(block + WAVE, chain.size());
    int length = waveEnd - waveStart;
    long read = 0;
    for (int i = 0; i < length; i++) {
      ChangeBatch.copy(chain.get(block + i), hashes, 4 * i);
      homes[i] = table.home(hashes, 4 * i);
      read += table.index.touch(homes[i]);
    }
    for (int i = 0; i < length; i++) {
      own[i] = table.index.own(homes[i]);
      read += table.touch(homes[i], own[i]);
    }
    readAhead += read;
  }

  /** Means nothing; keeps the reads ahead alive. */
  long ahead() {
    return readAhead;
  }
}
