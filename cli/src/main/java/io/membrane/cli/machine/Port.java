package io.membrane.cli.machine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/** TCP ports of the loopback address. */
public final class Port {

  private static final int FIRST = 20_000;
  private static final int END = 32_000;
  private static final int MOST_TRIES = 10_000;

  /** What whoever was given a port may not have bound yet. */
  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  private Port() {}

  /** Whether nobody listens on {@code port}. */
  public static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Different ports that were free a moment ago, below those that systems give to outgoing
   * connections, so that none of these takes one in the meantime. None is given twice by one
   * process.
   */
  public static List<Integer> free(int count) {
    return ThreadLocalRandom.current()
        .ints(MOST_TRIES, FIRST, END)
        .distinct()
        .filter(port -> isFree(port) && GIVEN.add(port))
        .limit(count)
        .boxed()
        .collect(Collectors.collectingAndThen(Collectors.toList(), found -> all(count, found)));
  }

  private static List<Integer> all(int count, List<Integer> found) {
    if (found.size() < count) {
      throw new IllegalStateException("hardly a port from " + FIRST + " to " + END + " is free");
    }
    return found;
  }
}
