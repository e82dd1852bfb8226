package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.directory.registry.NodeRegistry;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.MembershipClient.Homes;
import io.membrane.wire.MembershipClient.Node;
import io.membrane.wire.MembershipClient.Nodes;
import io.membrane.wire.MembershipClient.Registration;
import io.swagger.v3.oas.annotations.Operation;
import jakarta.validation.Valid;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Who is alive, and what belongs to whom. */
@RestController
class NodeEndpoint {

  private static final Pattern NAME = Pattern.compile(MembershipClient.NAME);

  private final NodeRegistry registry;

  NodeEndpoint(NodeRegistry registry) {
    this.registry = registry;
  }

  @Operation(
      summary = "Register a node, or renew its lease",
      description =
          "Idempotent; a node that does not renew in time is suspect, then lost, then gone")
  @PutMapping("/v1/nodes/{id}")
  Node renew(@PathVariable String id, @Valid @RequestBody Registration registration) {
    return registry.renew(name("id", id), registration);
  }

  @Operation(
      summary = "The nodes and their states",
      description = "Those whose leases run, and for ten leases more those that did not renew")
  @GetMapping("/v1/nodes")
  Nodes nodes(
      @RequestParam(required = false) @Nullable String role,
      @RequestParam(required = false) @Nullable String cluster) {
    return new Nodes(
        registry.known().of(optional("role", role), optional("cluster", cluster)).nodes());
  }

  @Operation(summary = "End a node's lease", description = "204, whether there was one or not")
  @DeleteMapping("/v1/nodes/{id}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void leave(@PathVariable String id) {
    registry.leave(name("id", id));
  }

  @Operation(
      summary = "The fragment nodes that a block's fragments belong to",
      description = "The first home first; fewer than replicas if fewer nodes live")
  @GetMapping("/v1/placement/{hash}")
  Homes homes(
      @PathVariable String hash,
      @RequestParam(defaultValue = "1") int replicas,
      @RequestParam(required = false) @Nullable String cluster) {
    if (replicas < 1 || replicas > MembershipClient.MAX_REPLICAS) {
      throw malformed("replicas is 1 to " + MembershipClient.MAX_REPLICAS, null);
    }
    return new Homes(
        registry
            .known()
            .of(MembershipClient.FRAGMENT, optional("cluster", cluster))
            .homes(hash(hash), replicas));
  }

  private static BlockHash hash(String text) {
    try {
      return BlockHash.parse(text);
    } catch (IllegalArgumentException e) {
      throw malformed(String.valueOf(e.getMessage()), e);
    }
  }

  private static @Nullable String optional(String what, @Nullable String text) {
    return text == null ? null : name(what, text);
  }

  private static String name(String what, String text) {
    if (!NAME.matcher(text).matches()) {
      throw malformed(
          what + " is 1 to 128 letters, digits, '.', '_', ':' and '-', the first no sign", null);
    }
    return text;
  }

  private static MembraneException malformed(String detail, @Nullable Throwable cause) {
    return new MembraneException(ErrorCode.MALFORMED_REQUEST, detail, cause);
  }
}
