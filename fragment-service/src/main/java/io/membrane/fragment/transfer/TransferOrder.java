package io.membrane.fragment.transfer;

import io.membrane.block.FragmentKey;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be transferred.
 *
 * @param from base URL of a peer, as it is configured
 * @param maxBytesPerSecond at most {@value #LEAST_RATE} or more; null: no limit but the link's
 * @param keys what is pulled if it is missing here; null: everything that is
 */
public record TransferOrder(
    URI from, @Nullable Long maxBytesPerSecond, @Nullable List<FragmentKey> keys) {

  /** A slower link would look like one that hangs. */
  public static final long LEAST_RATE = 64 * 1024;

  public TransferOrder {
    keys = keys == null ? null : List.copyOf(keys);
    if (maxBytesPerSecond != null && maxBytesPerSecond < LEAST_RATE) {
      throw new IllegalArgumentException(
          "max_bytes_per_second is at least " + LEAST_RATE + ", not " + maxBytesPerSecond);
    }
  }
}
