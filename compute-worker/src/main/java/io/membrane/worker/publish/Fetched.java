package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What came of fetching a prefix.
 *
 * @param asked blocks that were asked for
 * @param digests of the blocks that were used, by index
 * @param state of a hybrid model, the snapshot that was used
 * @param missing blocks that were asked for and could not be had
 * @param nanos time that it took
 */
record Fetched(
    int asked,
    Map<Integer, ContentDigest> digests,
    @Nullable Payload state,
    List<BlockHash> missing,
    long nanos) {

  Fetched {
    digests = Map.copyOf(digests);
    missing = List.copyOf(missing);
  }
}
