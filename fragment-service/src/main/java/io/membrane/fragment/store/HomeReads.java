package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is not in memory here: names are looked up in Redis, bytes come from their homes'
 * memories, and from Redis where these are here or do not answer well. Thread-safe; methods block.
 */
final class HomeReads {

  private final Catalog catalog;
  private final RedisReads reads;
  private final MemoryTier memory;
  private final Neighbours neighbours;
  private final StoreMeters meters;

  HomeReads(
      Catalog catalog,
      RedisReads reads,
      MemoryTier memory,
      Neighbours neighbours,
      StoreMeters meters) {
    this.catalog = catalog;
    this.reads = reads;
    this.memory = memory;
    this.neighbours = neighbours;
    this.meters = meters;
  }

  /**
   * Reads fragments.
   *
   * @param moment taken before this call
   * @return in order, null for each that is not there; the caller closes them
   */
  List<@Nullable Fragment> load(List<Name> names, Origin origin, long moment) {
    List<@Nullable Lookup> answers = resolve(names);
    @Nullable Fragment[] loaded = new @Nullable Fragment[names.size()];
    try {
      if (origin == Origin.CLIENT) {
        ask(answers, loaded, moment);
      }
      List<Integer> rest = new ArrayList<>();
      for (int i = 0; i < loaded.length; i++) {
        if (loaded[i] == null) {
          rest.add(i);
        }
      }
      if (!rest.isEmpty()) {
        fromRedis(names, answers, rest, origin, moment, loaded);
      }
      return Arrays.asList(loaded);
    } catch (RuntimeException e) {
      Fragment.closeAll(Arrays.asList(loaded));
      throw e;
    }
  }

  private List<@Nullable Lookup> resolve(List<Name> names) {
    try {
      return catalog.resolve(names);
    } catch (MembraneException e) {
      meters.failed(CallContext.tenantOfCall(), e, names.size());
      throw e;
    }
  }

  private void ask(List<@Nullable Lookup> answers, @Nullable Fragment[] loaded, long moment) {
    List<Integer> places = new ArrayList<>();
    List<Description> wanted = new ArrayList<>();
    for (int i = 0; i < loaded.length; i++) {
      if (answers.get(i) instanceof Lookup.Whole whole) {
        places.add(i);
        wanted.add(whole.description());
      }
    }
    List<@Nullable Payload> bodies = neighbours.ask(wanted);
    for (int i = 0; i < places.size(); i++) {
      Payload body = bodies.get(i);
      if (body != null) {
        Fragment fragment = new Fragment(wanted.get(i), body);
        loaded[places.get(i)] = fragment;
        meters.peerHit(CallContext.tenantOfCall(), fragment);
        if (neighbours.keepsHere(wanted.get(i).name())) {
          memory.admit(fragment, moment);
        }
      }
    }
  }

  private void fromRedis(
      List<Name> names,
      List<@Nullable Lookup> answers,
      List<Integer> rest,
      Origin origin,
      long moment,
      @Nullable Fragment[] loaded) {
    List<Name> asked = rest.stream().map(names::get).toList();
    List<@Nullable Lookup> known = new ArrayList<>(rest.size());
    for (int place : rest) {
      known.add(answers.get(place));
    }
    List<@Nullable Fragment> found =
        meters.load(
            CallContext.tenantOfCall(),
            asked.size(),
            () ->
                reads.load(
                    asked,
                    known,
                    moment,
                    name -> origin == Origin.HINT || neighbours.keepsHere(name)));
    for (int i = 0; i < rest.size(); i++) {
      Fragment fragment = found.get(i);
      loaded[rest.get(i)] = fragment;
      if (fragment != null && origin != Origin.HINT) {
        neighbours.loaded(asked.get(i));
      }
    }
  }
}
