package io.membrane.directory.feed;

import io.membrane.directory.location.Image;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.MembershipClient.Node;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what lost nodes hold, in every sharing domain, for every replica and everybody who follows
 * the feed: the log is told, by an event that ends the epoch that the node is in.
 *
 * <p>Any replica may do so, and more than one: an epoch ends once, and a node that came back and
 * began a later epoch meanwhile is in that one. A node that goes on in the epoch that has ended is
 * asked to begin anew. The shared store is in no epoch and never ends. Thread-safe.
 */
public final class LostNodes {

  private static final Logger log = LoggerFactory.getLogger(LostNodes.class);
  private static final Event CLEARED =
      new Event(EventType.CLEARED, null, null, null, null, null, null, null, null);

  private final EventLog events;
  private final LogTail tail;
  private final Image image;
  private final Supplier<Set<Source>> followed;

  private record Name(String cluster, String node) {}

  /**
   * Tells {@code events}, which {@code tail} reads into {@code image}.
   *
   * @param followed sources that others look after, which are left alone; may fail as {@link #end}
   */
  public LostNodes(EventLog events, LogTail tail, Image image, Supplier<Set<Source>> followed) {
    this.events = events;
    this.tail = tail;
    this.image = image;
    this.followed = followed;
  }

  /**
   * Ends what these nodes hold by the log as far as it is known here; nothing more is done if it
   * has ended already.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} while the log is not read to
   *     its end, or Redis does not answer; to be tried again
   */
  public void end(Collection<Node> nodes) {
    if (!tail.isCaughtUp()) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, "the directory still reads its log; try again");
    }
    Set<Name> names =
        nodes.stream()
            .map(node -> new Name(node.cluster(), node.id()))
            .collect(Collectors.toUnmodifiableSet());
    Map<Source, NodeProgress> lost = new HashMap<>(image.localProgress());
    lost.entrySet()
        .removeIf(entry ->
            entry.getValue().isOver()
                || !names.contains(new Name(entry.getKey().cluster(), entry.getKey().node())));
    if (lost.isEmpty()) {
      return;
    }
    lost.keySet().removeAll(followed.get());
    lost.forEach((source, reached) -> {
      var _ =
          events.append(
              new LogBatch(
                  source.node(),
                  source.cluster(),
                  source.domain(),
                  reached.epoch(),
                  NodeProgress.LAST_SEQUENCE,
                  List.of(CLEARED)));
      log.info(
          "{} is lost: its epoch {} has ended, with all that it held", source, reached.epoch());
    });
  }
}
