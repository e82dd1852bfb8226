package io.membrane.fragment.homes;

import io.membrane.block.BlockHash;
import io.membrane.placement.Placement;
import io.membrane.placement.PlacementNode;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes keep a fragment in memory, as one of them sees it. Equal if the same nodes with the
 * same shares keep as many copies. Immutable.
 */
public final class Homes {

  private final String self;
  private final int replicas;
  private final Set<PlacementNode> nodes;
  private final Set<String> ids;
  private final boolean alone;
  private final Placement placement;

  /**
   * Homes among these nodes; a node that is not among them, or has no share, is no home of
   * anything.
   *
   * @param self the id of the node that asks
   * @param replicas homes of a fragment, at least 1
   * @param nodes with ids that differ
   */
  public Homes(String self, int replicas, Collection<PlacementNode> nodes) {
    this.self = self;
    this.replicas = replicas;
    this.nodes = Set.copyOf(nodes);
    this.ids = nodes.stream().map(PlacementNode::id).collect(Collectors.toUnmodifiableSet());
    this.alone = ids.isEmpty() || ids.equals(Set.of(self));
    this.placement = new Placement(nodes);
  }

  /** One node to which everything belongs. */
  public static Homes alone(String self) {
    return new Homes(self, 1, List.of(new PlacementNode(self, 1)));
  }

  /** The homes of a block's fragments, the first home first. */
  public List<String> of(BlockHash hash) {
    return placement.homes(hash, replicas);
  }

  /** Whether a block's fragments are kept here, or, as nobody else can, must be. */
  public boolean areHere(BlockHash hash) {
    return alone || of(hash).contains(self);
  }

  /** The homes of a block's fragments but for this node, the first home first. */
  public List<String> elsewhere(BlockHash hash) {
    return alone ? List.of() : of(hash).stream().filter(id -> !id.equals(self)).toList();
  }

  /** Whether there is nobody else. */
  public boolean isAlone() {
    return alone;
  }

  /**
   * Whom this node tells of a fragment that it holds, because they have become homes of it since
   * {@code before}: all of them, if it is the first of the homes before that is still there; else
   * nobody, as that one does. So each new home hears of a fragment once, and from a node that was
   * to hold it, as long as one of them is there.
   */
  public Stream<String> newSince(Homes before, BlockHash hash) {
    List<String> then = before.of(hash);
    String first = then.stream().filter(ids::contains).findFirst().orElse(null);
    return self.equals(first) ? of(hash).stream().filter(id -> !then.contains(id)) : Stream.empty();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Homes homes
        && self.equals(homes.self)
        && replicas == homes.replicas
        && nodes.equals(homes.nodes);
  }

  @Override
  public int hashCode() {
    return 31 * nodes.hashCode() + replicas;
  }
}
