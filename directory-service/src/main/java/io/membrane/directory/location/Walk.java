package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.rpc.CallContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The longest usable prefix of a chain of blocks at every place, node and cluster, in one walk
 * along the chain. For one match.
 *
 * <p>Attention KV is per block: a run goes on as long as every attention slice that the reader
 * needs (any one, if the reader names no slices) lies at the place, at any tier of the node, at any
 * node of the cluster. A state snapshot serves only at exactly its own length: with needed state
 * slices the usable prefix ends at the last block of the run that has them all. A reader that needs
 * state alone is not held up by missing attention KV.
 */
final class Walk {

  private static final int BLOCKS_BETWEEN_DEADLINE_CHECKS = 1024;
  private static final int UNKNOWN = 0;
  private static final int NOT_NEEDED = -1;

  private final BlockTable table;
  private final Map<Slice, Integer> needs = new HashMap<>();
  private final int attentionNeeded;
  private final int stateNeeded;
  private final String domain;
  private final int nowSeconds;
  private final int[] needOfForm;
  private final Map<Place, Run> runOfPlace = new HashMap<>();
  private final Map<Run.Group, Run> runs = new HashMap<>();
  private List<Run> going = new ArrayList<>();
  private final Run invisible;

  /** The places of the block before, and their runs: those of the next are mostly the same ones. */
  private @Nullable Place[] placesBefore = new @Nullable Place[4];

  private Run[] runsBefore = new Run[4];

  /** Where the block before lay; −1 if that is not known. */
  private int countBefore = -1;

  private final long[] locationsBefore = new long[4];
  private int block;

  /**
   * The runs are right for the blocks before this one; those since lie where that before it did.
   */
  private int settled;

  private int namespace = -1;
  private long readAhead;

  /**
   * A walk before its beginning.
   *
   * @param needs slices that the reader needs; empty if any attention slice will do
   * @param domain sharing domain whose locations count
   */
  Walk(BlockTable table, Set<Slice> needs, String domain, int nowSeconds) {
    this.table = table;
    this.domain = domain;
    this.nowSeconds = nowSeconds;
    this.needOfForm = new int[table.forms.bound()];
    for (Slice.Kind kind : List.of(Slice.Kind.ATTN, Slice.Kind.STATE)) {
      for (Slice slice : needs) {
        if (slice.kind() == kind) {
          this.needs.put(slice, this.needs.size() + 1);
        }
      }
    }
    this.stateNeeded = (int) needs.stream().filter(s -> s.kind() == Slice.Kind.STATE).count();
    this.attentionNeeded = needs.isEmpty() ? 1 : needs.size() - stateNeeded;
    this.invisible = new Run(new Run.Group(null, "", null, null), null, 0, false);
  }

  /** Walks; afterwards {@link #runs} and {@link #namespace} answer. */
  Walk along(List<BlockHash> chain) {
    Lookup lookup = new Lookup(table, chain);
    for (block = 0; block < chain.size(); block++) {
      if (block % BLOCKS_BETWEEN_DEADLINE_CHECKS == 0) {
        CallContext.checkDeadline("the match");
      }
      if (lookup.isNeighbourAtSamePlace(block)) {
        continue;
      }
      boolean isKnown = lookup.find(block);
      if (isKnown && lieWhereTheOneBeforeDid(lookup.seen)) {
        continue;
      }
      settle();
      if (isKnown) {
        count(lookup.seen);
      } else if (attentionNeeded > 0) {
        break;
      }
      step();
      remember(lookup.seen, isKnown);
      if (going.isEmpty() && attentionNeeded > 0) {
        break;
      }
    }
    settle();
    readAhead = lookup.ahead();
    return this;
  }

  /** So do nearly all blocks of a prompt: then each run does with it what it did before. */
  private boolean lieWhereTheOneBeforeDid(Seen seen) {
    if (seen.count != countBefore) {
      return false;
    }
    for (int i = 0; i < seen.count; i++) {
      if (seen.locations[i] != locationsBefore[i] || seen.place(i).death() != null) {
        return false;
      }
    }
    return true;
  }

  private void settle() {
    for (int i = 0; i < going.size(); i++) {
      Run run = going.get(i);
      if (run.usable == settled) {
        run.usable = block;
      }
    }
    settled = block;
  }

  private void remember(Seen seen, boolean isKnown) {
    countBefore = isKnown && seen.count <= locationsBefore.length ? seen.count : -1;
    for (int i = 0; i < countBefore; i++) {
      locationsBefore[i] = seen.locations[i];
    }
  }

  private void count(Seen seen) {
    if (seen.count > runsBefore.length) {
      placesBefore = Arrays.copyOf(placesBefore, seen.places.length);
      runsBefore = Arrays.copyOf(runsBefore, seen.places.length);
    }
    for (int i = 0; i < seen.count; i++) {
      long location = seen.locations[i];
      Place place = seen.place(i);
      if (place.death() != null || Location.isExpired(location, nowSeconds)) {
        continue;
      }
      if (place != placesBefore[i]) {
        runsBefore[i] = run(place);
        placesBefore[i] = place;
      }
      Run run = runsBefore[i];
      int need = run == invisible ? NOT_NEEDED : need(Location.form(location));
      if (need == NOT_NEEDED) {
        continue;
      }
      if (namespace < 0) {
        namespace = Records.namespace(seen.record[5]);
      }
      // A slice that its node has counted already, its cluster has too.
      for (Run r = run; r != null && r.add(block, need - 1, attentionNeeded); ) {
        r = r.wider;
      }
    }
  }

  private int need(int form) {
    int known = form < needOfForm.length ? needOfForm[form] : UNKNOWN;
    if (known != UNKNOWN) {
      return known;
    }
    Slice slice = table.forms.get(form).slice();
    int need =
        needs.isEmpty()
            ? (slice.kind() == Slice.Kind.ATTN ? 1 : NOT_NEEDED)
            : needs.getOrDefault(slice, NOT_NEEDED);
    if (form < needOfForm.length) {
      needOfForm[form] = need;
    }
    return need;
  }

  private Run run(Place place) {
    Run known = runOfPlace.get(place);
    if (known != null) {
      return known;
    }
    Source source = place.source();
    Run run = invisible;
    if (source.domain().equals(domain)) {
      String region = source.region();
      Run cluster = run(new Run.Group(region, source.cluster(), null, null), null);
      Run node = run(new Run.Group(region, source.cluster(), source.node(), null), cluster);
      run = run(new Run.Group(region, source.cluster(), source.node(), place.tier()), node);
    }
    runOfPlace.put(place, run);
    return run;
  }

  private Run run(Run.Group group, @Nullable Run wider) {
    Run known = runs.get(group);
    if (known != null) {
      return known;
    }
    boolean mayBegin = block == 0 || attentionNeeded == 0;
    Run run = new Run(group, wider, Math.max(1, needs.size()), mayBegin);
    runs.put(group, run);
    if (mayBegin) {
      going.add(run);
    }
    return run;
  }

  /** Ends the runs that lack a slice of the block at hand. */
  private void step() {
    int left = 0;
    for (int i = 0; i < going.size(); i++) {
      Run run = going.get(i);
      boolean isThere = run.block == block;
      if ((isThere ? run.attention : 0) < attentionNeeded) {
        run.isGoing = false;
        continue;
      }
      if ((isThere ? run.state : 0) >= stateNeeded) {
        run.usable = block + 1;
      }
      going.set(left++, run);
    }
    if (left < going.size()) {
      going.subList(left, going.size()).clear();
    }
    settled = block + 1;
  }

  /** The runs that have a usable prefix. */
  List<Run> runs() {
    return runs.values().stream().filter(run -> run.usable > 0).toList();
  }

  /** Namespace of the first block that counted, or −1. */
  int namespace() {
    return namespace;
  }

  /** Means nothing; keeps the reads ahead alive. */
  long ahead() {
    return readAhead;
  }
}
