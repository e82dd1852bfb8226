package io.membrane.benchmarks.fragment;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Reads that fall due at a fixed rate, over several connections of one thread, which sleeps for
 * some 70 µs whenever there is nothing to read: less is left of two cores to a server if it does
 * not. A latency counts from the time at which a call was due, whether a connection was free or
 * not. Knows RESP and HTTP/1.1 with a Content-Length.
 */
final class PacedReads implements Closeable {

  private static final int SEED = 11;
  private static final long PAUSE_NANOS = 20_000;

  private final List<byte[]> requests;
  private final Selector selector = Selector.open();
  private final Deque<Connection> free = new ArrayDeque<>();
  private final ByteBuffer input = ByteBuffer.allocateDirect(64 << 10);
  private final Random random = new Random(SEED);

  /**
   * Opens the connections.
   *
   * @param requests what is sent, one by chance each time
   */
  PacedReads(int port, int connections, List<byte[]> requests) throws IOException {
    this.requests = requests;
    for (int i = 0; i < connections; i++) {
      SocketChannel channel =
          SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true).configureBlocking(false);
      Connection connection = new Connection(channel);
      channel.register(selector, SelectionKey.OP_READ, connection);
      free.add(connection);
    }
  }

  /** The latencies of all calls that fell due, in µs. */
  Histogram run(Duration time, double callsPerSecond) throws IOException {
    Histogram latencies = Sample.histogram();
    double interval = 1e9 / callsPerSecond;
    long calls = (long) (time.toNanos() / interval);
    long start = System.nanoTime();
    for (long sent = 0; latencies.getTotalCount() < calls; ) {
      while (sent < calls && !free.isEmpty()) {
        long due = start + (long) (sent * interval);
        if (due > System.nanoTime()) {
          break;
        }
        free.remove().ask(due);
        sent++;
      }
      if (selector.selectNow(key -> read((Connection) key.attachment(), latencies)) == 0) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
    return latencies;
  }

  private void read(Connection connection, Histogram latencies) {
    try {
      if (connection.answer.read(connection.channel, input)) {
        latencies.recordValue((System.nanoTime() - connection.due) / 1000);
        free.add(connection);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    for (SelectionKey key : selector.keys()) {
      key.channel().close();
    }
    selector.close();
  }

  private final class Connection {

    private final SocketChannel channel;
    private final Answer answer = new Answer();
    private long due;

    Connection(SocketChannel channel) {
      this.channel = channel;
    }

    void ask(long due) throws IOException {
      this.due = due;
      answer.begin();
      ByteBuffer request = ByteBuffer.wrap(requests.get(random.nextInt(requests.size())));
      while (request.hasRemaining()) {
        channel.write(request);
      }
    }
  }
}
