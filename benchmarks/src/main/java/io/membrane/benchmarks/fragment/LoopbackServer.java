package io.membrane.benchmarks.fragment;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * The floor: blocking sockets, a platform thread for each, and no protocol. A call is a request of
 * 16 bytes (i64 number of the first value, i32 length of each; negative: the value follows; i32
 * count) and the values in one gathering write, or 16 bytes once the value has come.
 */
final class LoopbackServer {

  static final int REQUEST_BYTES = 16;

  private LoopbackServer() {}

  /** Arguments: port, length of the longest value. Serves until it is ended. */
  public static void main(String[] args) throws IOException {
    int maxBytes = Integer.parseInt(args[1]);
    Values values = new Values(maxBytes);
    try (ServerSocketChannel listener = ServerSocketChannel.open()) {
      listener.bind(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])));
      while (true) {
        SocketChannel accepted = listener.accept();
        Thread.ofPlatform().start(() -> serve(accepted, values.view(), maxBytes));
      }
    }
  }

  private static void serve(SocketChannel accepted, ByteBuffer view, int maxBytes) {
    ByteBuffer request = ByteBuffer.allocateDirect(REQUEST_BYTES);
    ByteBuffer taken = ByteBuffer.allocateDirect(maxBytes);
    try (SocketChannel channel = accepted) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      while (fill(channel, request.clear())) {
        int bytes = request.getInt(Long.BYTES);
        if (bytes >= 0) {
          ByteBuffer[] asked = new ByteBuffer[request.getInt(Long.BYTES + Integer.BYTES)];
          for (int i = 0; i < asked.length; i++) {
            asked[i] = view.duplicate();
            Values.select(asked[i], request.getLong(0) + i, bytes);
          }
          drain(channel, asked);
        } else if (fill(channel, taken.clear().limit(-bytes))) {
          drain(channel, request.rewind());
        }
      }
    } catch (IOException e) {
      System.err.println("a client has gone: " + e.getMessage());
    }
  }

  private static boolean fill(SocketChannel channel, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        return false;
      }
    }
    return true;
  }

  private static void drain(SocketChannel channel, ByteBuffer... from) throws IOException {
    while (from[from.length - 1].hasRemaining()) {
      channel.write(from);
    }
  }
}
