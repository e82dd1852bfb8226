package io.membrane.worker.fetch;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where each block of a prefix stands. A block is open until it has arrived, is known to be
 * missing, or is computed. Not thread-safe.
 */
final class OpenBlocks {

  private final FetchOptions options;
  private final int blocksPerRequest;
  private final List<FetchedBlock> arrived = new ArrayList<>();
  private final BitSet open = new BitSet();
  private final BitSet missing = new BitSet();
  private long reservedBytes;
  private int cursor;

  OpenBlocks(int blocks, FetchOptions options) {
    this.options = options;
    this.blocksPerRequest = Math.max(1, options.blocksPerRequest(blocks));
    this.cursor = blocks;
    open.set(0, blocks);
  }

  /** Requests that all of them take. */
  int requests() {
    return Math.ceilDiv(open.length(), blocksPerRequest);
  }

  /** The open blocks to ask for next; null if there is no room for them, empty if none are left. */
  @Nullable BitSet reserve() {
    if (!isAllAskedFor() && !hasRoom()) {
      return null;
    }
    BitSet blocks = new BitSet();
    while (cursor > 0 && blocks.cardinality() < blocksPerRequest) {
      cursor--;
      blocks.set(cursor, open.get(cursor));
    }
    reservedBytes += blocks.cardinality() * options.blockBytes();
    return blocks;
  }

  boolean isAllAskedFor() {
    return cursor == 0;
  }

  boolean hasRoom() {
    return reservedBytes == 0
        || reservedBytes + blocksPerRequest * options.blockBytes() <= options.windowBytes();
  }

  /** Gives back room for blocks that did not come. */
  void release(int blocks) {
    reservedBytes -= blocks * options.blockBytes();
  }

  /** A block has come; false if it is not open any more. */
  boolean deliver(FetchedBlock block) {
    if (!open.get(block.index())) {
      return false;
    }
    open.clear(block.index());
    arrived.add(block);
    return true;
  }

  boolean hasArrived() {
    return !arrived.isEmpty();
  }

  /** What has arrived since the last time. */
  List<FetchedBlock> take() {
    List<FetchedBlock> taken = List.copyOf(arrived);
    arrived.clear();
    release(taken.size());
    return taken;
  }

  /** These will not come. */
  void giveUp(BitSet blocks) {
    BitSet lost = stillOpen(blocks);
    missing.or(lost);
    open.andNot(lost);
  }

  /** What is open will not come. */
  void giveUp() {
    giveUp((BitSet) open.clone());
  }

  /** Blocks before this one are not wanted any more. */
  void computed(int blocks) {
    open.clear(0, blocks);
  }

  /** Nothing more is asked for. */
  void stop() {
    cursor = 0;
  }

  /** Nothing is wanted any more. */
  void clear() {
    stop();
    open.clear();
    arrived.clear();
  }

  /** Which of {@code blocks} are open. */
  BitSet stillOpen(BitSet blocks) {
    BitSet wanted = (BitSet) blocks.clone();
    wanted.and(open);
    return wanted;
  }

  /** How many are open. */
  int count() {
    return open.cardinality();
  }

  /** Those that will not come. */
  BitSet missing() {
    return (BitSet) missing.clone();
  }
}
