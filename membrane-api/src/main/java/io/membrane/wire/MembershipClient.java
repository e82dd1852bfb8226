package io.membrane.wire;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.membrane.placement.Placement;
import io.membrane.placement.PlacementNode;
import io.membrane.rpc.Idempotent;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.service.annotation.DeleteExchange;
import org.springframework.web.service.annotation.GetExchange;
import org.springframework.web.service.annotation.PutExchange;

/** directory-service as the nodes of a fleet call it: who is alive, and what belongs to whom. */
public interface MembershipClient {

  /** Role of a fragment-service process. */
  String FRAGMENT = "fragment";

  /** How nodes, roles and clusters are called. */
  String NAME = "[A-Za-z0-9][A-Za-z0-9._:-]{0,127}";

  /** How a node's URL begins and what it may consist of; without user, query and fragment. */
  String URL = "https?://[A-Za-z0-9.\\[\\]:_/%~-]+";

  /** Most nodes that are known at a time. */
  int MAX_NODES = 4096;

  /** Shortest lease in milliseconds. */
  long MIN_LEASE_MS = 1_000;

  /** Longest lease in milliseconds. */
  long MAX_LEASE_MS = 600_000;

  /** Most homes that are asked for. */
  int MAX_REPLICAS = 64;

  /**
   * What a node says of itself.
   *
   * @param url where the others reach it
   * @param capacityBytes its share beside the others'; a node with 0 is no home of anything
   * @param load 0 for idle to 1 for full, or null if it does not say
   * @param leaseMs after how long it is suspect unless it says so again
   * @param directUrl where engines reach it with a token ({@link FragmentTokens}), or null
   */
  record Registration(
      @NotNull @Pattern(regexp = NAME) String role,
      @NotNull @Pattern(regexp = NAME) String cluster,
      @NotNull @Pattern(regexp = URL) @Size(max = 512) String url,
      @NotNull @PositiveOrZero Long capacityBytes,
      @Nullable @PositiveOrZero Double load,
      @NotNull @Min(MIN_LEASE_MS) @Max(MAX_LEASE_MS) Long leaseMs,
      @Nullable @Pattern(regexp = URL) @Size(max = 512) String directUrl) {

    /** What a node says that engines do not reach. */
    public Registration(
        String role,
        String cluster,
        String url,
        Long capacityBytes,
        @Nullable Double load,
        Long leaseMs) {
      this(role, cluster, url, capacityBytes, load, leaseMs, null);
    }

    /** The node that says this. */
    public Node node(String id, long leftMs, NodeState state) {
      return new Node(id, role, cluster, url, capacityBytes, load, leftMs, state, directUrl);
    }
  }

  /** What the directory thinks of a node. */
  enum NodeState {
    /** Its lease runs. */
    LIVE,
    /** Its lease ended a while ago: home of nothing until it renews. */
    SUSPECT,
    /** It has been silent so long that nobody should wait for it. It may yet renew. */
    LOST
  }

  /**
   * A node that registered, and whose lease has not ended long ago.
   *
   * @param leaseMs what is left of its lease, 0 if it has ended
   * @param state null from a directory that does not judge, which names live nodes only
   * @param directUrl where engines reach it with a token, or null
   */
  record Node(
      String id,
      String role,
      String cluster,
      String url,
      long capacityBytes,
      @Nullable Double load,
      long leaseMs,
      @Nullable NodeState state,
      @Nullable String directUrl) {

    /** A node that engines do not reach. */
    public Node(
        String id,
        String role,
        String cluster,
        String url,
        long capacityBytes,
        @Nullable Double load,
        long leaseMs,
        @Nullable NodeState state) {
      this(id, role, cluster, url, capacityBytes, load, leaseMs, state, null);
    }

    /** Whether it can be home of anything. */
    @JsonIgnore
    public boolean isLive() {
      return state == null || state == NodeState.LIVE;
    }
  }

  /** Nodes, by id. */
  record Nodes(List<Node> nodes) {

    /** Placement over those that live and have any capacity; the same for whoever computes it. */
    public Placement placement() {
      return new Placement(
          nodes.stream()
              .filter(node -> node.isLive() && node.capacityBytes() > 0)
              .map(node -> new PlacementNode(node.id(), node.capacityBytes()))
              .toList());
    }
  }

  /** The nodes that a block's fragments belong to, the first home first. */
  record Homes(List<Node> homes) {}

  /** Registers a node, or renews its lease. */
  @Idempotent
  @PutExchange("/v1/nodes/{id}")
  Node renew(@PathVariable("id") String id, @RequestBody Registration registration);

  /** The nodes that are known, live or not, of one role and cluster where these are given. */
  @Idempotent
  @GetExchange("/v1/nodes")
  Nodes nodes(
      @RequestParam(name = "role", required = false) @Nullable String role,
      @RequestParam(name = "cluster", required = false) @Nullable String cluster);

  /** Ends a node's lease; does nothing if there is none. */
  @Idempotent
  @DeleteExchange("/v1/nodes/{id}")
  void leave(@PathVariable("id") String id);

  /** Which live fragment nodes a block's fragments belong to. */
  @Idempotent
  @GetExchange("/v1/placement/{hash}")
  Homes homes(
      @PathVariable("hash") String hash,
      @RequestParam(name = "replicas", required = false) @Nullable Integer replicas,
      @RequestParam(name = "cluster", required = false) @Nullable String cluster);
}
