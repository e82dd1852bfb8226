package io.membrane.wire;

import io.membrane.block.ContentDigest;
import io.membrane.block.Signature;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import java.util.List;

/**
 * The unaligned tail of a prompt: it has no block hash and is never stored. The worker that
 * answered hands it out once, and not for long.
 *
 * @param id for {@link ComputeClient#transferBlock}: the worker's {@link
 *     ComputeClient.ModelList#node}, {@link #SEPARATOR}, and a name of its own
 * @param parts KV and, in a hybrid model, the state behind the last token, in the order of their
 *     bytes
 * @param digest digest of all bytes
 * @param expiresInMs time from the answer until it is dropped
 */
public record TransferBlock(
    String id,
    TokenSpan tokenSpan,
    List<TransferPart> parts,
    ContentDigest digest,
    long expiresInMs) {

  /** Between the node and the rest of an id. */
  public static final char SEPARATOR = '.';

  /**
   * One slice of a transfer block.
   *
   * @param signature shape; its token span is the tail's
   */
  public record TransferPart(Slice slice, long bytes, Signature signature) {}
}
