package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the image knows of a block.
 *
 * @param parent hash of the block before; null for a first block, and where the parent was
 *     forgotten
 * @param copies one for a place and slice, the least recently stored first
 * @param uses how often it was stored or used of late, 7 at most
 * @param gone why there are no copies; null if there are
 */
public record KnownBlock(
    BlockHash hash,
    Namespace namespace,
    @Nullable BlockHash parent,
    TokenSpan tokenSpan,
    List<Copy> copies,
    int uses,
    @Nullable Gone gone) {

  /**
   * A fragment at a place.
   *
   * @param bytes its length; rounded up to a power of two once very many lengths are known
   * @param expiresAtMs Unix time from which it is gone, to the second; {@code Long.MAX_VALUE} if it
   *     has no end
   */
  public record Copy(Place place, Slice slice, long bytes, long expiresAtMs) {}

  public KnownBlock {
    copies = List.copyOf(copies);
  }
}
