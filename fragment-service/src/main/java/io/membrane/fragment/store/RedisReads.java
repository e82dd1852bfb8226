package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads fragments from Redis, into memory too. Every payload is hashed before it is handed out;
 * what does not have its digest is a miss, counted and logged, and removed with all its names.
 * Thread-safe; methods block.
 */
final class RedisReads {

  private static final Logger log = LoggerFactory.getLogger(RedisReads.class);

  /**
   * How often a read starts again because its bytes were exchanged under it. With 12 that put
   * without a pause one read in three has to; none may take that for a miss.
   */
  private static final int EXCHANGES = 64;

  private final Catalog catalog;
  private final Bodies bodies;
  private final MemoryTier memory;
  private final Forms forms;
  private final Removals removals;
  private final StoreMeters meters;

  RedisReads(
      Catalog catalog,
      Bodies bodies,
      MemoryTier memory,
      Forms forms,
      Removals removals,
      StoreMeters meters) {
    this.catalog = catalog;
    this.bodies = bodies;
    this.memory = memory;
    this.forms = forms;
    this.removals = removals;
    this.meters = meters;
  }

  /** What is known of each name, in order; null for each that is not there. */
  List<@Nullable Description> describe(List<Name> names) {
    List<@Nullable Lookup> answers = catalog.resolve(names);
    List<@Nullable Description> found = new ArrayList<>(names.size());
    for (int i = 0; i < names.size(); i++) {
      Lookup.Whole whole = wholeOrDrop(names.get(i), answers.get(i));
      found.add(whole == null ? null : whole.description());
    }
    return found;
  }

  /**
   * Reads fragments; all are asked for before the first is waited for.
   *
   * @param moment taken before this call
   * @return in order, null for each that is not there; the caller closes them
   */
  List<@Nullable Fragment> load(List<Name> names, long moment) {
    return load(names, catalog.resolve(names), moment);
  }

  /** As {@link #load(List, long)}, what was looked up since that moment. */
  List<@Nullable Fragment> load(List<Name> names, List<@Nullable Lookup> answers, long moment) {
    return load(names, answers, moment, false, _ -> true);
  }

  /** As {@link #load(List, long)}; what lies there compressed comes in that form too. */
  List<@Nullable Fragment> loadWithForms(List<Name> names, long moment, Predicate<Name> kept) {
    return load(names, catalog.resolve(names), moment, true, kept);
  }

  /** As {@link #load(List, List, long)}; only what {@code kept} says is offered to memory. */
  List<@Nullable Fragment> load(
      List<Name> names, List<@Nullable Lookup> answers, long moment, Predicate<Name> kept) {
    return load(names, answers, moment, false, kept);
  }

  private List<@Nullable Fragment> load(
      List<Name> names,
      List<@Nullable Lookup> answers,
      long moment,
      boolean withForms,
      Predicate<Name> kept) {
    List<@Nullable Fragment> loaded = new ArrayList<>(names.size());
    List<@Nullable Asked> asked = new ArrayList<>(names.size());
    try {
      for (int i = 0; i < names.size(); i++) {
        asked.add(ask(names.get(i), answers.get(i)));
      }
      for (int i = 0; i < names.size(); i++) {
        loaded.add(await(names.get(i), asked.get(i), moment, withForms, kept));
      }
      return loaded;
    } catch (RuntimeException e) {
      Fragment.closeAll(loaded);
      throw e;
    } finally {
      for (Asked one : asked) {
        if (one != null) {
          one.close();
        }
      }
    }
  }

  /**
   * Bytes that Redis was asked for; closed, they are not waited for any more.
   *
   * @param plain room for what they become if they are compressed; null if they are not
   */
  private record Asked(
      Lookup.Whole whole, Claim claim, @Nullable Claim plain, Bodies.Reading reading)
      implements AutoCloseable {

    @Override
    public void close() {
      reading.close();
      claim.close();
      if (plain != null) {
        plain.close();
      }
    }
  }

  /** Null if it is known that nothing is there. */
  private @Nullable Asked ask(Name name, @Nullable Lookup answer) {
    Lookup.Whole whole = wholeOrDrop(name, answer);
    if (whole == null) {
      return null;
    }
    Long compressed = whole.description().zstdBytes();
    Claim plain = memory.claim(whole.description().bytes());
    Claim claim = plain;
    try {
      claim = compressed == null ? plain : memory.claim(compressed);
      return new Asked(
          whole, claim, compressed == null ? null : plain, bodies.read(whole.bodyId(), claim));
    } catch (RuntimeException e) {
      claim.close();
      plain.close();
      throw e;
    }
  }

  private @Nullable Fragment await(
      Name name, @Nullable Asked first, long moment, boolean withForm, Predicate<Name> kept) {
    Asked asked = first;
    for (int attempt = 0; asked != null && attempt < EXCHANGES; attempt++) {
      Lookup.Whole whole = asked.whole();
      try (Asked now = asked) {
        Fragment fragment = take(now, withForm);
        if (fragment != null) {
          if (kept.test(name)) {
            memory.admit(fragment, moment);
          }
          return fragment;
        }
      }
      // Exchanged since it was looked up, perhaps.
      Lookup again = catalog.resolve(List.of(name)).getFirst();
      if (again instanceof Lookup.Whole same && same.bodyId().equals(whole.bodyId())) {
        drop(name, same.bodyId(), "its bytes are gone", true);
        return null;
      }
      asked = ask(name, again);
    }
    if (asked == null) {
      return null;
    }
    asked.close();
    throw new MembraneException(
        ErrorCode.OVERLOADED, "it is written again faster than it can be read; try again");
  }

  /** The fragment, whole; null if its bytes are not there, or were not its and are dropped. */
  private @Nullable Fragment take(Asked asked, boolean withForm) {
    Description description = asked.whole().description();
    Long compressed = description.zstdBytes();
    long length = asked.reading().await();
    if (length < 0) {
      return null;
    }
    if (length == (compressed == null ? description.bytes() : compressed)) {
      try (Payload read = asked.claim().commit();
          Payload body =
              asked.plain() == null ? read.retain() : forms.expanded(read, asked.plain())) {
        if (body != null && body.digest().equals(description.digest())) {
          Payload form = withForm && compressed != null ? read.retain() : null;
          return new Fragment(description, body.retain(), form);
        }
      }
    }
    drop(description.name(), asked.whole().bodyId(), "the bytes do not have their digest", false);
    return null;
  }

  /** Null if nothing is there, or nothing that can be read: that is dropped. */
  Lookup.@Nullable Whole wholeOrDrop(Name name, @Nullable Lookup found) {
    return switch (found) {
      case null -> null;
      case Lookup.Whole whole -> whole;
      case Lookup.Damaged damaged -> {
        drop(name, "", damaged.why(), false);
        yield null;
      }
    };
  }

  private void drop(Name name, String bodyId, String why, boolean dangling) {
    log.error("{} is dropped: {}", name, why);
    if (dangling) {
      meters.dangling();
    } else {
      meters.corrupt();
    }
    removals.remove(name, () -> catalog.condemn(name, bodyId));
  }
}
