package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What is known of an upload. */
public sealed interface UploadState {

  /** How far it has come. */
  Progress progress();

  /**
   * How far an upload has come.
   *
   * @param offset bytes that are there
   * @param length bytes that it shall have, or null if nobody has said
   * @param left time until it is forgotten, unless something comes
   */
  record Progress(long offset, @Nullable Long length, Duration left) {}

  /**
   * It goes on.
   *
   * @param writer token of the request that may write now; empty for none
   * @param limit most bytes that it may have
   * @param claimed digest that was given when it began, or null
   */
  record Open(
      Progress progress,
      String tenant,
      String writer,
      long limit,
      FragmentKey key,
      FragmentMeta meta,
      @Nullable ContentDigest claimed)
      implements UploadState {}

  /** It goes on, but not as was asked: {@code code} is the offset's or the length's mismatch. */
  record Mismatch(Progress progress, ErrorCode code) implements UploadState {}

  /**
   * It has ended.
   *
   * @param stored the answer of the put, or null if that was an error
   * @param error then its code
   * @param detail and what it said
   */
  record Ended(
      Progress progress,
      FragmentStore.@Nullable Stored stored,
      @Nullable ErrorCode error,
      String detail)
      implements UploadState {

    /**
     * The answer, again.
     *
     * @throws MembraneException if it was an error
     */
    public FragmentStore.Stored answer() {
      if (stored == null) {
        throw new MembraneException(error == null ? ErrorCode.INTERNAL : error, detail);
      }
      return stored;
    }
  }
}
