package io.membrane.benchmarks.fragment;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A blocking loopback connection with one direct buffer for each direction, as a client in C has
 * it: a body is received into one place, nothing is allocated per call. For one thread.
 */
final class Wire implements Closeable {

  static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

  private static final int SPARE = 64 << 10;

  private final InetSocketAddress server;
  private final ByteBuffer in;
  private final ByteBuffer out = ByteBuffer.allocateDirect(16 << 10);
  private final ByteBuffer payload;
  private final ByteBuffer[] parts;
  private final Values values;
  private SocketChannel channel;

  /**
   * Connects.
   *
   * @param maxBytes longest body in either direction
   */
  Wire(int port, Values values, int maxBytes) throws IOException {
    this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    this.values = values;
    this.in = ByteBuffer.allocateDirect(maxBytes + SPARE).limit(0);
    this.payload = values.view();
    this.parts = new ByteBuffer[] {out, payload, NOTHING};
    this.channel = connect();
  }

  /** Where the head of a request is written; cleared. */
  ByteBuffer head() {
    return out.clear();
  }

  /** Sends the head. */
  void send() throws IOException {
    send(out.flip());
  }

  /** Sends the head, a value and what ends the request. */
  void sendWith(long number, int bytes, ByteBuffer end) throws IOException {
    out.flip();
    Values.select(payload, number, bytes);
    parts[2] = end;
    while (payload.hasRemaining() || end.hasRemaining()) {
      channel.write(parts);
    }
  }

  /** Sends a whole request. */
  void send(ByteBuffer request) throws IOException {
    while (request.hasRemaining()) {
      channel.write(request);
    }
  }

  /** The next byte. */
  byte next() throws IOException {
    if (!in.hasRemaining()) {
      in.clear();
      fill();
    }
    return in.get();
  }

  /** Bytes that have arrived and are not read yet, at least one; at most {@code limit}. */
  int arrived(long limit) throws IOException {
    if (!in.hasRemaining()) {
      in.clear();
      fill();
    }
    return (int) Math.min(limit, in.remaining());
  }

  /** Passes over bytes that have arrived. */
  void pass(int bytes) {
    in.position(in.position() + bytes);
  }

  /** Receives a value whole; checks eight bytes at its start, middle and end. */
  void receive(long number, int bytes) throws IOException {
    await(bytes);
    int from = in.position();
    check(number, 0, from);
    check(number, bytes / 2, from);
    check(number, bytes - Long.BYTES, from);
    in.position(from + bytes);
  }

  /** Waits until so many bytes are there. */
  private void await(int bytes) throws IOException {
    if (in.capacity() - in.position() < bytes) {
      in.compact().flip();
    }
    while (in.remaining() < bytes) {
      int from = in.position();
      in.position(in.limit()).limit(in.capacity());
      fill();
      in.position(from);
    }
  }

  private void fill() throws IOException {
    if (channel.read(in) < 0) {
      throw new EOFException("the server has closed the connection");
    }
    in.flip();
  }

  /** Checks the next eight bytes, if they have arrived: a value's from {@code at} on. */
  void check(long number, int at) throws IOException {
    if (in.remaining() >= Long.BYTES) {
      check(number, at, in.position() - at);
    }
  }

  private void check(long number, int at, int from) throws IOException {
    if (!values.matches(number, at, in.getLong(from + at))) {
      throw new IOException("wrong bytes at " + at + " of value " + number);
    }
  }

  /** Takes a new connection, where the server has said that it closes this one. */
  void reconnect() throws IOException {
    channel.close();
    channel = connect();
  }

  private SocketChannel connect() throws IOException {
    in.limit(0);
    SocketChannel connected = SocketChannel.open(server);
    connected.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return connected;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
