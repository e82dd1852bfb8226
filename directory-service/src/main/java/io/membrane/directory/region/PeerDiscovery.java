package io.membrane.directory.region;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Map;

/**
 * Tells which directories of other regions there are, while it is started. What it tells is a hint:
 * whoever follows a peer checks that it is the region that it is called. For one thread.
 */
public interface PeerDiscovery {

  /** A word for logs and metrics. */
  String name();

  /**
   * Begins to look; may be started again after its end.
   *
   * @throws io.membrane.boot.StartupProblem if it cannot, and will not be able to until somebody
   *     changes something
   */
  void start();

  /**
   * Where directories answer now, by the names of their regions, which may be anything; at least
   * one address of each.
   *
   * @throws IOException if nobody knows at the moment; what was told before still holds
   * @throws io.membrane.boot.StartupProblem as {@link #start}
   */
  Map<String, List<URI>> peers() throws IOException;

  /** Ends to look; does nothing if it was not started. */
  void stop();
}
