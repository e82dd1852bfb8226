package io.membrane.benchmarks.fragment;

import static java.nio.charset.StandardCharsets.US_ASCII;

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

/**
 * Stores values that are all different, as fast as answers come, over several connections of one
 * thread. A request is copied into the socket from where it lies: but for its key nothing of it is
 * made anew, as with {@code redis-benchmark}. Knows RESP and HTTP/1.1.
 */
final class NewValues implements Closeable {

  private static final String HEADERS =
      """
      Membrane-Namespace: {"model":"m","revision":"r","kv_dtype":"bf16","block_tokens":256}\r
      Membrane-Parent: root\r
      Membrane-Token-Span: 0-256\r
      Content-Type: application/octet-stream\r
      """;

  private final Values values;
  private final int bytes;
  private final String end;
  private final Selector selector = Selector.open();
  private final ByteBuffer input = ByteBuffer.allocateDirect(64 << 10);
  private long next;
  private long stored;
  private boolean over;

  private NewValues(
      int port, int connections, Values values, int bytes, String start, String rest, String end)
      throws IOException {
    this.values = values;
    this.bytes = bytes;
    this.end = end;
    for (int i = 0; i < connections; i++) {
      SocketChannel channel =
          SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true).configureBlocking(false);
      SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
      key.attach(new Connection(channel, key, start, rest));
    }
  }

  /** With {@code SET}. */
  static NewValues inRedis(int port, int connections, Values values, int bytes) throws IOException {
    return new NewValues(
        port,
        connections,
        values,
        bytes,
        "*3\r\n$3\r\nSET\r\n$" + Values.KEY_BYTES + "\r\n",
        "\r\n$" + bytes + "\r\n",
        "\r\n");
  }

  /** With {@code PUT}. */
  static NewValues inService(int port, int connections, Values values, int bytes)
      throws IOException {
    return new NewValues(
        port,
        connections,
        values,
        bytes,
        "PUT /v1/fragments/",
        HttpConnection.SLICE
            + " HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            + HEADERS
            + "Content-Length: "
            + bytes
            + "\r\n\r\n",
        "");
  }

  /**
   * Stores for so long.
   *
   * @param first number of the first value; they are counted up from there
   * @return values stored in a second
   */
  double run(Duration time, long first) throws IOException {
    next = first;
    stored = 0;
    over = false;
    long start = System.nanoTime();
    for (SelectionKey key : selector.keys()) {
      ((Connection) key.attachment()).begin();
    }
    int busy = selector.keys().size();
    while (busy > 0) {
      over = System.nanoTime() - start >= time.toNanos();
      long before = stored;
      selector.select(NewValues::go);
      busy -= over ? (int) (stored - before) : 0;
    }
    return stored * 1e9 / (System.nanoTime() - start);
  }

  private static void go(SelectionKey key) {
    try {
      ((Connection) key.attachment()).go();
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
    private final SelectionKey selected;
    private final ByteBuffer key;
    private final ByteBuffer head;
    private final ByteBuffer value = values.view();
    private final ByteBuffer tail;
    private final Answer answer = new Answer();

    Connection(SocketChannel channel, SelectionKey selected, String start, String rest) {
      this.channel = channel;
      this.selected = selected;
      String whole = start + "k".repeat(Values.KEY_BYTES) + rest;
      head = direct(whole);
      key = head.slice(start.length(), Values.KEY_BYTES);
      tail = direct(end);
    }

    private static ByteBuffer direct(String text) {
      return ByteBuffer.allocateDirect(text.length()).put(text.getBytes(US_ASCII)).flip();
    }

    void begin() throws IOException {
      Values.key(next, key.clear());
      Values.select(value, next, bytes);
      next++;
      head.rewind();
      tail.rewind();
      answer.begin();
      write();
    }

    private void write() throws IOException {
      channel.write(new ByteBuffer[] {head, value, tail});
      boolean isSent = !value.hasRemaining() && !tail.hasRemaining();
      selected.interestOps(isSent ? SelectionKey.OP_READ : SelectionKey.OP_WRITE);
    }

    void go() throws IOException {
      if (selected.isWritable()) {
        write();
      } else if (answer.read(channel, input)) {
        stored++;
        if (!over) {
          begin();
        }
      }
    }
  }
}
