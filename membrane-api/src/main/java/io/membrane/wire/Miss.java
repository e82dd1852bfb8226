package io.membrane.wire;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.wire.DirectoryClient.Place;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The first block that did not match, and why.
 *
 * @param block its index in the chain
 * @param atMs Unix time at which it went, to the second; null unless it went
 * @param last the place where it was last, without slices; null if that is not known
 * @param otherNamespaces the caller's namespaces in which the first block of the same tokens is
 *     stored; empty unless the first block did not match and tokens were given
 * @param detail all of it in words
 */
public record Miss(
    MissReason reason,
    int block,
    BlockHash blockHash,
    @Nullable Long atMs,
    @Nullable Place last,
    List<OtherNamespace> otherNamespaces,
    String detail) {

  public Miss {
    otherNamespaces = Objects.requireNonNullElse(otherNamespaces, List.of());
  }

  /** Why a block does not continue a match. */
  public enum MissReason {
    /** The directory was never told of it, or has forgotten that. */
    NEVER_STORED,
    /** Its last fragment was deleted or evicted. */
    REMOVED,
    EXPIRED,
    /** The node that held it last was cleared, or began anew. */
    CLEARED,
    /** The node that held it last was lost. */
    NODE_LOST,
    /** It is stored, without all slices that are needed. */
    SLICES_MISSING,
    /** It is stored, but in no cluster that has the blocks before it too. */
    ELSEWHERE
  }

  /**
   * What the same tokens are known under.
   *
   * @param sameSalt whether under the caller's own sharing salt
   */
  public record OtherNamespace(Namespace namespace, boolean sameSalt) {}
}
