package io.membrane.directory.membership;

import io.membrane.block.BlockHash;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.Nodes;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that are registered and how each is judged, at one moment. Immutable.
 *
 * @param nodes by id
 */
public record KnownNodes(List<Node> nodes) {

  public KnownNodes {
    nodes = nodes.stream().sorted(Comparator.comparing(Node::id)).toList();
  }

  /** Those of a role and a cluster; null: of any. */
  public KnownNodes of(@Nullable String role, @Nullable String cluster) {
    return new KnownNodes(
        nodes.stream()
            .filter(node -> role == null || role.equals(node.role()))
            .filter(node -> cluster == null || cluster.equals(node.cluster()))
            .toList());
  }

  /**
   * The nodes that a block belongs to, the first home first; fewer than {@code replicas} if fewer
   * live and have any capacity.
   */
  public List<Node> homes(BlockHash hash, int replicas) {
    Map<String, Node> byId =
        nodes.stream().collect(Collectors.toMap(Node::id, Function.identity()));
    return new Nodes(nodes).placement().homes(hash, replicas).stream().map(byId::get).toList();
  }
}
