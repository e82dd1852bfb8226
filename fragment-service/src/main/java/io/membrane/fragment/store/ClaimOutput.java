package io.membrane.fragment.store;

import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.CommandOutput;
import io.membrane.fragment.offheap.Claim;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a bulk string into a claim. What it answers: the string's length, or -1 if there is none; a
 * string that does not fit is not read, but its length is told.
 *
 * <p>Redis' client may still write here when the caller has given up: what comes after {@link
 * #abandon} is thrown away.
 */
final class ClaimOutput extends CommandOutput<byte[], byte[], Long> {

  private @Nullable Claim claim;

  ClaimOutput(Claim claim) {
    super(ByteArrayCodec.INSTANCE, -1L);
    this.claim = claim;
  }

  @Override
  public synchronized void set(@Nullable ByteBuffer bytes) {
    if (bytes == null) {
      return;
    }
    output = (long) bytes.remaining();
    if (claim != null && bytes.remaining() <= claim.remaining()) {
      claim.append(bytes);
    }
  }

  /** From now on the claim is the caller's alone. */
  synchronized void abandon() {
    claim = null;
  }
}
