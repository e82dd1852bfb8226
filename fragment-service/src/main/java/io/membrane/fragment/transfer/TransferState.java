package io.membrane.fragment.transfer;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a transfer stands.
 *
 * @param missing fragments found so far that the peer has and this side has not
 * @param done of these, those that are here now
 * @param gone of these, those that the peer does not have any more
 * @param failed of these, those that could not be stored
 * @param conflicts keys that have other bytes there; those here stay
 * @param bytes bytes of payloads as they came over the line, compressed or not, those that came
 *     twice included
 * @param questions answered by the peer, for the comparison
 * @param exchangeBytes bytes of the comparison, both ways
 * @param retries how often something was asked for again
 * @param bytesPerSecond {@code bytes} over the time so far
 * @param failures why fragments could not be stored; the first few
 * @param reason why it ended before it was done, or null
 * @param endedAtMs null while it runs
 */
public record TransferState(
    String id,
    URI from,
    Phase state,
    long missing,
    long done,
    long gone,
    long failed,
    long conflicts,
    long bytes,
    long questions,
    long exchangeBytes,
    long retries,
    long bytesPerSecond,
    List<Failure> failures,
    @Nullable String reason,
    long startedAtMs,
    @Nullable Long endedAtMs) {

  /** What it is doing. */
  public enum Phase {
    RUNNING,
    DONE,
    FAILED,
    CANCELLED
  }

  /** A fragment that could not be stored, and why. */
  public record Failure(String key, String reason) {}

  public TransferState {
    failures = List.copyOf(failures);
  }
}
