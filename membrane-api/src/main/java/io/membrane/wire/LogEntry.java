package io.membrane.wire;

import io.membrane.wire.DirectoryClient.Event;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the event log, the Redis Stream {@link #STREAM}: JSON in the field {@link #FIELD}.
 * The entry's id is its {@link LogPosition}.
 *
 * @param node where it happened
 * @param cluster the node's cluster
 * @param epoch the node's epoch, or null for the shared store, whose order is the stream's
 * @param sequence number within the epoch, or null with a null epoch
 */
public record LogEntry(
    String node, String cluster, @Nullable Long epoch, @Nullable Long sequence, Event event) {

  /** Key of the stream. */
  public static final String STREAM = "{membrane}:log";

  /** Field of a stream entry. */
  public static final String FIELD = "entry";
}
