package io.membrane.directory.engine.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.directory.engine.wire.KvEvent.AllBlocksCleared;
import io.membrane.directory.engine.wire.KvEvent.BlockRemoved;
import io.membrane.directory.engine.wire.KvEvent.BlockStored;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns one publisher's events into ours: names its blocks by their tokens and keeps which of its
 * names mean which block.
 *
 * <p>What it tells of is at every moment what the engine said it holds, except for blocks that
 * cannot be named, which it counts: those behind a parent that is not known, of another size than
 * the namespace's (a partial page), or too many. Not thread-safe, but for {@link #chain}.
 *
 * <p>Several of an engine's names may mean one block of ours (the engine may hash more than tokens
 * into them); the block is there as long as one of them is.
 */
public final class EngineTranslator {

  /** Blocks of a prompt past this many have no name here. */
  private static final int MAX_INDEX = 1 << 20;

  private final Namespace namespace;
  private final BlockHash root;
  private final Slice attention;
  private final Slice state;
  private final Semaphore room;
  private final EngineGroups groups = new EngineGroups();
  private final Map<Long, Held> byEngineName = new ConcurrentHashMap<>();
  private final Map<BlockHash, Held> byBlock = new HashMap<>();
  private long duplicates;
  private long unknown;
  private long unnamed;

  /**
   * Why events had no effect, in blocks since the start.
   *
   * @param duplicates stored where they were
   * @param unknown removed or moved, without having been stored
   * @param unnamed stored, but not to be named
   */
  public record Counts(long duplicates, long unknown, long unnamed) {}

  /** A block that the engine holds. */
  private record Held(BlockHash block, @Nullable BlockHash parent, int index, List<Copy> copies) {}

  private record Copy(long engineName, int group, Slice slice, String tier) {

    boolean isBeside(Copy other) {
      return slice.equals(other.slice) && tier.equals(other.tier);
    }
  }

  /**
   * @param namespace of the engine's blocks; its block size is the engine's
   * @param root parent of first blocks
   * @param layers of the model, which one slice stands for
   * @param room a permit for each block that may be kept; it is returned when the block is gone
   */
  public EngineTranslator(Namespace namespace, BlockHash root, int layers, Semaphore room) {
    this.namespace = namespace;
    this.root = root;
    this.attention = Slice.attention(layers);
    this.state = new Slice(Slice.Kind.STATE, 0, layers - 1, 0, 1);
    this.room = room;
  }

  /** Hands on what an event changes, in order; nothing if it changes nothing. */
  public void apply(KvEvent event, Consumer<Event> out) {
    switch (event) {
      case BlockStored stored -> store(stored, out);
      case BlockRemoved removed -> remove(removed, out);
      case AllBlocksCleared _ -> {
        forget();
        out.accept(new Event(EventType.CLEARED, null, null, null, null, null, null, null, null));
      }
    }
  }

  /** Forgets all blocks, as if none had been stored. */
  public void forget() {
    room.release(byBlock.size());
    byEngineName.clear();
    byBlock.clear();
  }

  /** Blocks that the engine holds. */
  public int blocks() {
    return byBlock.size();
  }

  /**
   * The blocks that the engine means by names of its own, up to the first that it does not hold or
   * that does not follow the one before. Any thread.
   */
  public List<BlockHash> chain(List<Long> engineNames) {
    List<BlockHash> chain = new ArrayList<>();
    for (long name : engineNames) {
      Held held = byEngineName.get(name);
      if (held == null || (!chain.isEmpty() && !chain.getLast().equals(held.parent))) {
        break;
      }
      chain.add(held.block);
    }
    return chain;
  }

  public Counts counts() {
    return new Counts(duplicates, unknown, unnamed);
  }

  private void store(BlockStored stored, Consumer<Event> out) {
    Slice slice = slice(groups.learn(stored.group(), stored.groupKind()));
    if (slice == null) {
      return;
    }
    if (stored.tokens().length() == 0) {
      move(stored, slice, out);
      return;
    }
    int size = namespace.blockTokens();
    Held before = stored.parent() == null ? null : byEngineName.get(stored.parent());
    if (stored.blockTokens() != size || (stored.parent() != null && before == null)) {
      unnamed += stored.blocks().size();
      return;
    }
    int first = before == null ? 0 : before.index + 1;
    int full = Math.min(stored.blocks().size(), stored.tokens().length() / size);
    int named = Math.min(full, MAX_INDEX - first);
    unnamed += stored.blocks().size() - named;
    BlockHash parent = before == null ? null : before.block;
    List<BlockHash> chain =
        BlockHasher.chain(
            parent == null ? root : parent,
            size,
            stored.tokens().slice(0, named * size),
            i -> stored.extras().isEmpty() ? "" : stored.extras().get(i));
    for (int i = 0; i < named; i++) {
      Copy copy = new Copy(stored.blocks().get(i), stored.group(), slice, stored.tier());
      if (!place(chain.get(i), parent, first + i, copy, out)) {
        unnamed += named - i;
        return;
      }
      parent = chain.get(i);
    }
  }

  /** Notes a copy; false if there are too many blocks. */
  private boolean place(
      BlockHash block, @Nullable BlockHash parent, int index, Copy copy, Consumer<Event> out) {
    Held named = byEngineName.get(copy.engineName);
    if (named != null && !named.block.equals(block)) {
      drop(named, copy.engineName, null, out);
    }
    Held held = byBlock.get(block);
    if (held == null) {
      if (!room.tryAcquire()) {
        return false;
      }
      held = new Held(block, parent, index, new ArrayList<>(1));
      byBlock.put(block, held);
    }
    byEngineName.put(copy.engineName, held);
    add(held, copy, out);
    return true;
  }

  private void move(BlockStored moved, Slice slice, Consumer<Event> out) {
    for (long name : moved.blocks()) {
      Held held = byEngineName.get(name);
      if (held == null) {
        unknown++;
      } else {
        add(held, new Copy(name, moved.group(), slice, moved.tier()), out);
      }
    }
  }

  private void add(Held held, Copy copy, Consumer<Event> out) {
    if (held.copies.contains(copy)) {
      duplicates++;
      return;
    }
    boolean told = held.copies.stream().anyMatch(copy::isBeside);
    held.copies.add(copy);
    if (!told) {
      int from = held.index * namespace.blockTokens();
      out.accept(
          new Event(
              EventType.STORED,
              namespace,
              held.block,
              held.parent,
              copy.slice,
              null,
              copy.tier,
              new TokenSpan(from, from + namespace.blockTokens()),
              null));
    }
  }

  private void remove(BlockRemoved removed, Consumer<Event> out) {
    Slice slice = slice(groups.of(removed.group()));
    if (slice == null) {
      return;
    }
    for (long name : removed.blocks()) {
      Held held = byEngineName.get(name);
      Copy copy = new Copy(name, removed.group(), slice, removed.tier());
      if (held == null || !held.copies.contains(copy)) {
        unknown++;
      } else {
        drop(held, name, copy, out);
      }
    }
  }

  /** Takes one copy that a name means, or all of them if {@code only} is null. */
  private void drop(Held held, long name, @Nullable Copy only, Consumer<Event> out) {
    List<Copy> gone = new ArrayList<>(1);
    boolean isNamed = false;
    for (Iterator<Copy> copies = held.copies.iterator(); copies.hasNext(); ) {
      Copy copy = copies.next();
      if (copy.engineName != name) {
        continue;
      }
      if (only == null || only.equals(copy)) {
        gone.add(copy);
        copies.remove();
      } else {
        isNamed = true;
      }
    }
    for (Copy copy : gone) {
      if (held.copies.stream().noneMatch(copy::isBeside)) {
        out.accept(
            new Event(
                EventType.REMOVED,
                null,
                held.block,
                null,
                copy.slice,
                null,
                copy.tier,
                null,
                null));
      }
    }
    if (!isNamed) {
      byEngineName.remove(name);
    }
    if (held.copies.isEmpty()) {
      byBlock.remove(held.block);
      room.release();
    }
  }

  private @Nullable Slice slice(Slice.@Nullable Kind kind) {
    return switch (kind) {
      case ATTN -> attention;
      case STATE -> state;
      case null -> null;
    };
  }
}
