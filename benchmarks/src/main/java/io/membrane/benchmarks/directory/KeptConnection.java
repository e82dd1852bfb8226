package io.membrane.benchmarks.directory;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A blocking HTTP/1.1 connection that sends what was made before. For one thread. */
final class KeptConnection implements Closeable {

  private static final Pattern LENGTH = Pattern.compile("(?i)content-length: *(\\d+)");
  private static final String CLOSE = "Connection: close";
  private static final String LAST_CHUNK = "0\r\n\r\n";
  private static final int BUFFER = 4 << 20;

  private final int port;
  private SocketChannel channel;
  private final ByteBuffer in = ByteBuffer.allocate(BUFFER);

  KeptConnection(int port) throws IOException {
    this.port = port;
    this.channel = connect(port);
  }

  private static SocketChannel connect(int port) throws IOException {
    SocketChannel channel =
        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return channel;
  }

  /** A request that can be sent again and again. */
  static ByteBuffer post(String path, String contentType, byte[] body) {
    byte[] head =
        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
            .formatted(path, contentType, body.length)
            .getBytes(ISO_8859_1);
    return ByteBuffer.allocateDirect(head.length + body.length).put(head).put(body).flip();
  }

  /**
   * Sends a request and receives the whole answer.
   *
   * @return the body, as Latin-1; chunks are left as they came
   * @throws IOException if the status is not 200
   */
  String exchange(ByteBuffer request) throws IOException {
    int end = receive(request);
    int head = headEnd();
    return new String(in.array(), head, end - head, ISO_8859_1);
  }

  /** As {@link #exchange}, without making a text of the body. */
  int receive(ByteBuffer request) throws IOException {
    for (ByteBuffer out = request.duplicate().rewind(); out.hasRemaining(); ) {
      channel.write(out);
    }
    in.clear();
    boolean closes = false;
    int head = -1;
    long end = Long.MAX_VALUE;
    while (in.position() < end) {
      if (channel.read(in) < 0) {
        throw new EOFException("the service has closed the connection");
      }
      if (head < 0) {
        head = headEnd();
        if (head > 0) {
          String text = new String(in.array(), 0, head, ISO_8859_1);
          if (!text.startsWith("HTTP/1.1 200")) {
            throw new IOException(new String(in.array(), 0, in.position(), ISO_8859_1));
          }
          closes = text.contains(CLOSE);
          Matcher length = LENGTH.matcher(text);
          end = length.find() ? head + Long.parseLong(length.group(1)) : Long.MAX_VALUE;
        }
      }
      if (head > 0 && end == Long.MAX_VALUE && endsWithLastChunk()) {
        break;
      }
    }
    if (closes) {
      channel.close();
      channel = connect(port);
    }
    return in.position();
  }

  private int headEnd() {
    byte[] bytes = in.array();
    for (int i = 3; i < in.position(); i++) {
      if (bytes[i] == '\n' && bytes[i - 2] == '\n') {
        return i + 1;
      }
    }
    return -1;
  }

  private boolean endsWithLastChunk() {
    int from = in.position() - LAST_CHUNK.length();
    return from > 0
        && new String(in.array(), from, LAST_CHUNK.length(), ISO_8859_1).equals(LAST_CHUNK);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
