package io.membrane.directory.gossip;

import io.membrane.boot.StartupProblem;
import io.membrane.directory.region.PeerDiscovery;
import io.membrane.rpc.PeerTls;
import io.scalecube.cluster.Cluster;
import io.scalecube.cluster.ClusterConfig;
import io.scalecube.cluster.ClusterImpl;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Directories that find each other by SWIM: each tells the others its region and URL, and who is
 * not heard any more is gone. Only who knows the peers' key is heard at all ({@link
 * SealedMessages}). The library's threads are its own.
 */
public final class GossipDiscovery implements PeerDiscovery {

  /** Apart from whatever else may speak this protocol. */
  private static final String NAMESPACE = "membrane-directory";

  private static final Duration START_LIMIT = Duration.ofSeconds(30);
  private static final Duration END_LIMIT = Duration.ofSeconds(5);
  private static final int MAX_MESSAGE = 1 << 20;

  private final GossipProperties properties;
  private final PeerTls tls;
  private final MemberSays says;
  private final SealedMessages messages;
  private final Members members;
  private @Nullable Cluster cluster;

  /**
   * Not a member yet.
   *
   * @param properties with a port
   * @param region of this directory
   * @param key of the peers
   * @param tls of all connections, if it is required
   */
  public GossipDiscovery(GossipProperties properties, String region, String key, PeerTls tls) {
    this.properties = properties;
    this.tls = tls;
    this.says = new MemberSays(region, Objects.requireNonNull(properties.url(), "checked"));
    this.messages = new SealedMessages(key);
    this.members = new Members(region);
  }

  @Override
  public String name() {
    return "gossip";
  }

  @Override
  public synchronized void start() {
    if (cluster == null) {
      ClusterImpl joining = new ClusterImpl(config()).handler(joined -> members);
      try {
        cluster = joining.start().block(START_LIMIT);
      } catch (RuntimeException e) {
        StartupProblem problem =
            new StartupProblem(
                "gossip cannot begin at port " + properties.port() + ": " + e.getMessage(),
                "Free the port, or set membrane.directory.gossip.port and .host to where this"
                    + " directory can listen.");
        problem.initCause(e);
        throw problem;
      }
    }
  }

  @Override
  public Map<String, List<URI>> peers() {
    return members.peers();
  }

  @Override
  public synchronized void stop() {
    Cluster leaving = cluster;
    cluster = null;
    if (leaving != null) {
      leaving.shutdown();
      leaving.onShutdown().timeout(END_LIMIT).onErrorComplete().block();
      members.clear();
    }
  }

  /** {@code host:port} by which others find this one; null while it is no member. */
  public synchronized @Nullable String address() {
    return cluster == null ? null : cluster.address();
  }

  /** How many other directories take part, of whichever region. */
  public int members() {
    return members.count();
  }

  /** Messages from who does not know the key. */
  public long refused() {
    return messages.refused();
  }

  /** How often a member said what cannot be understood. */
  public long unreadable() {
    return members.unreadable();
  }

  private ClusterConfig config() {
    int everyMs = Math.toIntExact(properties.every().toMillis());
    int port = Objects.requireNonNull(properties.port(), "checked");
    return ClusterConfig.defaultWanConfig()
        .externalHost(properties.externalHost())
        .externalPort(properties.externalPort())
        .metadata(says.toBytes().array())
        .metadataCodec(new SaidBytes())
        .failureDetector(swim -> swim.pingInterval(everyMs).pingTimeout(everyMs * 3 / 5))
        .membership(swim ->
            swim.namespace(NAMESPACE).seedMembers(properties.seeds()).syncInterval(2 * everyMs))
        .transport(tcp ->
            tcp.port(port)
                .maxFrameLength(MAX_MESSAGE)
                .messageCodec(messages)
                .transportFactory(config -> TcpEnds.transport(config, properties.host(), tls)));
  }
}
