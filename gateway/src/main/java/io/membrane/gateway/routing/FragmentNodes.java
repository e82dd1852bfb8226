package io.membrane.gateway.routing;

import io.membrane.block.BlockHash;
import io.membrane.placement.Placement;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceInstances;
import io.membrane.wire.FragmentTokens.DirectNode;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.Nodes;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The fragment nodes that live, as the directory named them last, and what belongs to whom. What
 * was heard last holds until something else is heard. Thread-safe.
 */
public final class FragmentNodes implements ServiceInstances {

  private final PeerTls tls;
  private volatile View view = new View(Map.of(), new Placement(List.of()), List.of());

  /** What is known at one moment. */
  private record View(Map<String, URI> urls, Placement placement, List<DirectNode> direct) {}

  /**
   * @param tls says which URLs may be called
   */
  public FragmentNodes(PeerTls tls) {
    this.tls = tls;
  }

  /** These nodes are known now. */
  public void accept(Nodes nodes) {
    Map<String, URI> urls = new LinkedHashMap<>();
    nodes.nodes().stream()
        .filter(Node::isLive)
        .sorted(Comparator.comparing(Node::id))
        .forEach(node -> {
          URI url = url(node.url());
          if (url != null) {
            urls.put(node.id(), url);
          }
        });
    view = new View(urls, nodes.placement(), direct(nodes));
  }

  private static List<DirectNode> direct(Nodes nodes) {
    List<DirectNode> direct = new ArrayList<>();
    for (Node node : nodes.nodes()) {
      String url = node.directUrl();
      if (node.isLive() && url != null) {
        direct.add(new DirectNode(node.id(), url, node.capacityBytes()));
      }
    }
    return List.copyOf(direct);
  }

  /** Those that engines reach with a token. */
  public List<DirectNode> direct() {
    return view.direct();
  }

  @Override
  public List<URI> of(String service) {
    return service.equals(Service.FRAGMENT.serviceName())
        ? view.urls().values().stream().distinct().toList()
        : List.of();
  }

  /** Where a block's fragments belong, the first home first; empty if no node is known. */
  List<URI> homes(BlockHash block, int most) {
    View now = view;
    return now.placement().homes(block, most).stream()
        .map(now.urls()::get)
        .filter(Objects::nonNull)
        .toList();
  }

  private @Nullable URI url(String text) {
    try {
      URI url = URI.create(text);
      return url.getHost() != null && tls.permits(url) ? url : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
