package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.LocateRequest;
import io.membrane.wire.DirectoryClient.LocatedBlock;
import io.membrane.wire.DirectoryClient.MatchRequest;
import io.membrane.wire.DirectoryClient.MatchResponse;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.Keys;
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
   * @param slice the slice that every block needs; null if any counts
   */
  Stored match(Prompt prompt, @Nullable Slice slice) {
    if (prompt.blocks() == 0) {
      return Stored.named(List.of());
    }
    MatchResponse answer =
        Answers.match(
            prompt,
            directory.match(
                new MatchRequest(
                    null,
                    null,
                    prompt.blockHashes(),
                    slice == null ? null : List.of(slice),
                    watermark.position(),
                    null,
                    true)));
    return Stored.named(answer.matches(), answer.why());
  }

  /** The leading blocks of {@code stored} whose bytes are really there. */
  Stored verify(Prompt prompt, Stored stored, @Nullable Slice slice) {
    List<FragmentKey> keys = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    for (List<FragmentKey> block : keys(prompt, stored.anywhere(), slice)) {
      if (block.isEmpty()) {
        break;
      }
      keys.addAll(block);
      ends.add(keys.size());
    }
    int leading = leading(keys);
    return stored.verified((int) ends.stream().filter(end -> end <= leading).count());
  }

  /**
   * The fragments of the first {@code blocks} blocks, block by block.
   *
   * @param slice the one slice of each; null for those that the directory knows
   */
  List<List<FragmentKey>> keys(Prompt prompt, int blocks, @Nullable Slice slice) {
    List<BlockHash> hashes = prompt.blockHashes().subList(0, blocks);
    if (slice != null) {
      return hashes.stream().map(hash -> List.of(new FragmentKey(hash, slice))).toList();
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
