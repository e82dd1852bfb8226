package io.membrane.wire;

import io.membrane.wire.DirectoryClient.Event;
import org.jspecify.annotations.Nullable;

/**
 * One event in the event log, the Redis Stream {@link #STREAM}. The stream entry that holds it is
 * either this as JSON, in the field {@link #FIELD}, or a batch of events of one source, in the
 * field {@link #BATCH_FIELD}, or what callers said of blocks, in the field {@link #NOTES_FIELD};
 * directory-service alone writes and reads the last two. The stream entry's id is the {@link
 * LogPosition}.
 *
 * @param node where it happened
 * @param cluster the node's cluster
 * @param domain sharing domain that it happened in, as its text; nobody else may be told of it
 * @param epoch the node's epoch, or null for the shared store, whose order is the stream's
 * @param sequence number within the epoch, or null with a null epoch; {@code Long.MAX_VALUE - 1} of
 *     the {@code cleared} by which the directory ends the epoch of a node that is lost
 */
public record LogEntry(
    String node,
    String cluster,
    String domain,
    @Nullable Long epoch,
    @Nullable Long sequence,
    Event event) {

  /** Key of the stream. */
  public static final String STREAM = "{membrane}:log";

  /** Field of a stream entry that holds one event. */
  public static final String FIELD = "entry";

  /** Field of a stream entry that holds a batch. */
  public static final String BATCH_FIELD = "batch";

  /** Field of a stream entry that holds what callers said of blocks. */
  public static final String NOTES_FIELD = "notes";
}
