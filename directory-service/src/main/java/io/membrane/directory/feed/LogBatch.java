package io.membrane.directory.feed;

import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.EventColumns;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.wire.DirectoryClient.Event;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Events of one source that are next to each other in the log, in order.
 *
 * @param domain sharing domain of all of them
 * @param epoch the source's epoch, or null if the log's order is the only one
 * @param sequence number of the first event within the epoch, or null with a null epoch
 */
public record LogBatch(
    String node,
    String cluster,
    String domain,
    @Nullable Long epoch,
    @Nullable Long sequence,
    List<Event> events) {

  public LogBatch {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(cluster, "cluster");
    Objects.requireNonNull(domain, "domain");
    if ((epoch == null) != (sequence == null)) {
      throw new IllegalArgumentException("a batch has both epoch and sequence, or neither");
    }
    events = List.copyOf(events);
  }

  /** The same in columns. */
  ChangeBatch inColumns() {
    NodeProgress first =
        epoch == null || sequence == null ? null : new NodeProgress(epoch, sequence);
    ChangeBatch columns = new ChangeBatch(new Source(cluster, node, domain), first);
    EventColumns.add(events, columns);
    return columns;
  }
}
