package io.membrane.directory.engine;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.directory.location.Source;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A publisher of KV events that is to be followed; one for each data-parallel rank of an engine.
 *
 * @param id unique among the tenant's, also the name of its place
 * @param tenant who registered it
 * @param cluster where it stands
 * @param namespace of its blocks; the block size is the engine's own
 * @param root parent of first blocks
 * @param layers of the model
 * @param endpoint where it publishes, {@code tcp://host:port}; if it is to be bound, where the
 *     publisher connects to
 * @param replayEndpoint where it repeats what it published, or null if it does not
 * @param topic its messages' topic, or empty for any; publishers that connect to one bound endpoint
 *     have to have topics of their own, nothing else tells them apart
 * @param bind whether the directory binds {@code endpoint}
 */
public record Engine(
    String id,
    String tenant,
    String cluster,
    Namespace namespace,
    BlockHash root,
    int layers,
    String endpoint,
    @Nullable String replayEndpoint,
    String topic,
    boolean bind) {

  private static final Pattern REACHABLE =
      Pattern.compile("tcp://([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}]):([0-9]{1,5})");
  private static final Pattern BINDABLE =
      Pattern.compile("tcp://(\\*|[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}]):([0-9]{1,5})");
  private static final int MAX_PORT = 65_535;

  public Engine {
    if (!isAddress(bind ? BINDABLE : REACHABLE, endpoint)) {
      throw new IllegalArgumentException(
          "endpoint is tcp://host:port, or tcp://*:port with bind, the port 1 to 65535, not '"
              + endpoint
              + "'");
    }
    if (replayEndpoint != null && !isAddress(REACHABLE, replayEndpoint)) {
      throw new IllegalArgumentException(
          "replay_endpoint is tcp://host:port, the port 1 to 65535, not '" + replayEndpoint + "'");
    }
    if (layers < 1 || layers > 100_000) {
      throw new IllegalArgumentException("layers is 1 to 100000, not " + layers);
    }
  }

  /** Unique among all tenants'. */
  String key() {
    return tenant + "/" + id;
  }

  /** Whose events its own are, in a sharing domain. */
  Source source(String domain) {
    return new Source(cluster, id, domain);
  }

  private static boolean isAddress(Pattern form, String address) {
    Matcher matcher = form.matcher(address);
    if (!matcher.matches()) {
      return false;
    }
    int port = Integer.parseInt(matcher.group(2));
    return port >= 1 && port <= MAX_PORT;
  }
}
