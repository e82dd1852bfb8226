package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocatedBlock;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.Keys;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.MatchResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is stored of a prompt: what the directory says, and whether it is true. Thread-safe. */
final class Inventory {

  private final DirectoryClient directory;
  private final FragmentClient fragments;
  private final Watermark watermark;

  Inventory(DirectoryClient directory, FragmentClient fragments, Watermark watermark) {
    this.directory = directory;
    this.fragments = fragments;
    this.watermark = watermark;
  }

  /**
   * What the directory names, no older than what this process stored.
   *
   * @param blocks leading blocks that are asked for
   * @param needs what the reader needs; null if any slice counts
   */
  Stored match(Prompt prompt, int blocks, @Nullable Needs needs) {
    if (blocks == 0) {
      return Stored.named(List.of());
    }
    MatchResponse answer =
        Answers.match(
            prompt,
            directory.match(
                new MatchRequest(
                    null,
                    null,
                    prompt.blockHashes().subList(0, blocks),
                    needs == null ? null : needs.slices(),
                    watermark.position(),
                    null,
                    true)));
    return Stored.named(answer.matches(), answer.why());
  }

  /** The leading blocks of {@code stored} whose bytes are really there. */
  Stored verify(Prompt prompt, Stored stored, @Nullable Needs needs) {
    if (needs == null) {
      return stored.verified(leadingBlocks(keys(prompt, stored.anywhere(), null)));
    }
    List<BlockHash> hashes = prompt.blockHashes().subList(0, stored.anywhere());
    int leading =
        leadingBlocks(hashes.stream().map(hash -> Needs.keys(hash, needs.attention())).toList());
    return stored.verified(
        needs.state().isEmpty() ? leading : lastState(hashes.subList(0, leading), needs.state()));
  }

  /** Blocks up to the last one whose state is there. */
  private int lastState(List<BlockHash> hashes, List<Slice> state) {
    List<FragmentKey> keys =
        hashes.stream().flatMap(hash -> Needs.keys(hash, state).stream()).toList();
    List<Boolean> present = new ArrayList<>(keys.size());
    for (int from = 0; from < keys.size(); from += FragmentClient.MAX_KEYS) {
      List<FragmentKey> some =
          keys.subList(from, Math.min(keys.size(), from + FragmentClient.MAX_KEYS));
      present.addAll(Answers.exists(some.size(), fragments.exists(new Keys(some))));
    }
    int blocks = hashes.size();
    while (blocks > 0
        && present.subList((blocks - 1) * state.size(), blocks * state.size()).contains(false)) {
      blocks--;
    }
    return blocks;
  }

  private int leadingBlocks(List<List<FragmentKey>> blocks) {
    List<FragmentKey> keys = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    for (List<FragmentKey> block : blocks) {
      if (block.isEmpty()) {
        break;
      }
      keys.addAll(block);
      ends.add(keys.size());
    }
    int leading = leading(keys);
    return (int) ends.stream().filter(end -> end <= leading).count();
  }

  /**
   * The fragments of the first {@code blocks} blocks, block by block, with the state at their end.
   *
   * @param needs what the reader needs; null for what the directory knows
   */
  List<List<FragmentKey>> keys(Prompt prompt, int blocks, @Nullable Needs needs) {
    List<BlockHash> hashes = prompt.blockHashes().subList(0, blocks);
    if (needs != null) {
      return needs.keys(hashes);
    }
    if (hashes.isEmpty()) {
      return List.of();
    }
    return Answers.located(hashes, directory.locate(new LocateRequest(hashes))).stream()
        .map(Inventory::fragmentsOf)
        .toList();
  }

  private static List<FragmentKey> fragmentsOf(LocatedBlock block) {
    return block.places().stream()
        .filter(Stored::isFetchedFrom)
        .flatMap(place -> place.slices().stream())
        .distinct()
        .map(slice -> new FragmentKey(block.blockHash(), slice))
        .toList();
  }

  private int leading(List<FragmentKey> keys) {
    for (int from = 0; from < keys.size(); from += FragmentClient.MAX_KEYS) {
      List<FragmentKey> some =
          keys.subList(from, Math.min(keys.size(), from + FragmentClient.MAX_KEYS));
      int hole = Answers.exists(some.size(), fragments.exists(new Keys(some))).indexOf(false);
      if (hole >= 0) {
        return from + hole;
      }
    }
    return keys.size();
  }
}
