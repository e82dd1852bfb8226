package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.Existence;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches what a hybrid model can begin behind. Attention KV serves up to any block, a state only
 * at its own: the longest usable prefix ends at the last block up to which all KV is there and
 * which has a state too. Which have one is asked first, so that no KV is fetched that no state
 * follows; what then turns out damaged or gone moves the end back, a few times.
 */
final class HybridFetch {

  private static final Logger log = LoggerFactory.getLogger(HybridFetch.class);

  /** States can be large, and damage is rare: more of it is no reason to fetch more. */
  private static final int ATTEMPTS = 3;

  private static final int BLOCKS_PER_CALL = FragmentClient.MAX_KEYS / 2;

  private final FragmentClient fragments;
  private final PrefixFetch fetch;
  private final Slice attention;
  private final Slice state;

  HybridFetch(FragmentClient fragments, PrefixFetch fetch, Slice attention, Slice state) {
    this.fragments = fragments;
    this.fetch = fetch;
    this.attention = attention;
    this.state = state;
  }

  /**
   * The longest usable prefix of at most {@code wanted} blocks; none if fragment-service does not
   * say what it has.
   *
   * @throws MembraneException if the caller is interrupted
   */
  Reused fetch(Prompt prompt, int wanted) {
    NavigableSet<Integer> ends = known(prompt.chain().subList(0, wanted));
    List<Payload> blocks = List.of();
    for (int attempt = 0; attempt < ATTEMPTS && !ends.isEmpty(); attempt++) {
      int end = ends.last();
      Payload snapshot = fetch.fetch(prompt, state, end - 1);
      if (snapshot == null) {
        ends.remove(end);
        continue;
      }
      if (blocks.size() < end) {
        blocks = fetch.fetch(prompt, end);
      }
      if (blocks.size() >= end) {
        return new Reused(blocks.subList(0, end), snapshot);
      }
      ends = new TreeSet<>(ends.headSet(blocks.size(), true));
    }
    return Reused.NOTHING;
  }

  private NavigableSet<Integer> known(List<BlockHash> blocks) {
    try {
      return ends(blocks);
    } catch (MembraneException e) {
      log.warn("nobody says what is stored, so that all is computed: {}", e.detail());
      return new TreeSet<>();
    }
  }

  /** Numbers of leading blocks whose KV is all stored, and a state behind the last of them. */
  private NavigableSet<Integer> ends(List<BlockHash> blocks) {
    NavigableSet<Integer> ends = new TreeSet<>();
    for (int from = 0; from < blocks.size(); from += BLOCKS_PER_CALL) {
      List<BlockHash> some = blocks.subList(from, Math.min(blocks.size(), from + BLOCKS_PER_CALL));
      List<Boolean> present = present(some);
      for (int i = 0; i < some.size(); i++) {
        if (!present.get(2 * i)) {
          return ends;
        }
        if (present.get(2 * i + 1)) {
          ends.add(from + i + 1);
        }
      }
    }
    return ends;
  }

  /** For each block whether its KV and whether its state is stored. */
  private List<Boolean> present(List<BlockHash> blocks) {
    List<FragmentKey> keys = new ArrayList<>(2 * blocks.size());
    for (BlockHash block : blocks) {
      keys.add(new FragmentKey(block, attention));
      keys.add(new FragmentKey(block, state));
    }
    @Nullable Existence answer =
        Patience.call(() -> fragments.exists(new FragmentClient.Keys(keys)));
    if (answer == null || answer.present() == null || answer.present().size() != keys.size()) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "fragment-service did not say of each block whether it is stored; try again");
    }
    return answer.present();
  }
}
