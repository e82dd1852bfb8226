package io.membrane.benchmarks.directory;

import static io.membrane.benchmarks.directory.FleetOptions.clientCpuSeconds;

import io.membrane.block.BlockHash;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Random;
import java.util.concurrent.Callable;

/** What events cost at least, whoever takes them: their bytes' way and their hashes' digits. */
final class EventFloor {

  private static final int ANSWER = 128;
  private static final int RECEIVE = 64 << 10;
  private static final int HASHES = 1000;
  private static final double SECONDS = 2;

  private EventFloor() {}

  /**
   * Processor µs an event, of both ends together, for requests over loopback to a reader that
   * forgets them and answers in a few bytes.
   */
  static double loopback(EventBodies bodies) throws Exception {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      int length = bodies.next().capacity();
      Thread reader = Thread.ofPlatform().daemon().start(() -> forget(server, length));
      try (SocketChannel channel = SocketChannel.open(server.getLocalAddress())) {
        ByteBuffer answer = ByteBuffer.allocateDirect(ANSWER);
        return cost(() -> {
          long before = bodies.sent();
          for (ByteBuffer out = bodies.next().duplicate().rewind(); out.hasRemaining(); ) {
            channel.write(out);
          }
          for (answer.clear(); answer.hasRemaining(); ) {
            if (channel.read(answer) < 0) {
              throw new IOException("the reader has ended");
            }
          }
          return bodies.sent() - before;
        });
      } finally {
        reader.interrupt();
      }
    }
  }

  private static void forget(ServerSocketChannel server, int length) {
    ByteBuffer in = ByteBuffer.allocateDirect(RECEIVE);
    ByteBuffer answer = ByteBuffer.allocateDirect(ANSWER);
    try (SocketChannel channel = server.accept()) {
      while (true) {
        for (int read = 0; read < length; ) {
          in.clear().limit(Math.min(RECEIVE, length - read));
          int more = channel.read(in);
          if (more < 0) {
            return;
          }
          read += more;
        }
        for (answer.clear(); answer.hasRemaining(); ) {
          channel.write(answer);
        }
      }
    } catch (IOException e) {
      // The other end has what it wanted, or says what is wrong.
    }
  }

  /** Processor µs for the digits of one hash, from a text. */
  static double hash() throws Exception {
    Random random = new Random(1);
    String[] texts = new String[HASHES];
    for (int i = 0; i < HASHES; i++) {
      texts[i] =
          new BlockHash(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong())
              .hex();
    }
    long[] sum = new long[1];
    double cost =
        cost(() -> {
          for (String text : texts) {
            sum[0] += BlockHash.parse(text).w3();
          }
          return (long) HASHES;
        });
    return sum[0] == 1 ? 0 : cost;
  }

  /** Of the second half of the time; the first warms up. */
  private static double cost(Callable<Long> turn) throws Exception {
    long middle = System.nanoTime() + (long) (SECONDS / 2 * 1e9);
    while (System.nanoTime() < middle) {
      turn.call();
    }
    long done = 0;
    double cpu = clientCpuSeconds();
    for (long end = System.nanoTime() + (long) (SECONDS / 2 * 1e9); System.nanoTime() < end; ) {
      done += turn.call();
    }
    return (clientCpuSeconds() - cpu) * 1e6 / done;
  }
}
