package io.membrane.fragment.transfer;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How transfers behave.
 *
 * @param peers base URLs that may be pulled from
 * @param linkRate bytes per second from each peer, all transfers together; null: no limit
 * @param maxFragmentBytes largest fragment that this side stores
 * @param mostRunning transfers at a time
 * @param attempts how often in a row the same thing may fail before the transfer does
 * @param firstPause between the first two attempts; doubles, to 64 times that
 * @param longestSilence of a peer, before its connection is given up
 */
public record TransferSettings(
    List<URI> peers,
    @Nullable Long linkRate,
    long maxFragmentBytes,
    int mostRunning,
    int attempts,
    Duration firstPause,
    Duration longestSilence) {

  public TransferSettings {
    peers = List.copyOf(peers);
  }

  /** With the limits that hold unless somebody knows better. */
  public TransferSettings(List<URI> peers, @Nullable Long linkRate, long maxFragmentBytes) {
    this(peers, linkRate, maxFragmentBytes, 4, 8, Duration.ofMillis(100), Duration.ofSeconds(20));
  }
}
