package io.membrane.benchmarks.fragment;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The few commands of Redis that are measured, over RESP 2. For one thread. */
final class RedisConnection implements Closeable {

  private static final byte[] GET = ascii("*2\r\n$3\r\nGET\r\n");
  private static final byte[] SET = ascii("*3\r\n$3\r\nSET\r\n");
  private static final byte[] EXISTS = ascii("*2\r\n$6\r\nEXISTS\r\n");
  private static final byte[] KEY = ascii("$64\r\n");
  private static final byte[] OK = ascii("+OK\r\n");
  private static final byte[] LINE = ascii("\r\n");
  private static final int COMMAND_BYTES = 32 + Values.KEY_BYTES;

  private final Wire wire;
  private final ByteBuffer end = ByteBuffer.allocateDirect(LINE.length).put(LINE).flip();

  RedisConnection(int port, Values values, int maxBytes) throws IOException {
    this.wire = new Wire(port, values, maxBytes);
  }

  /** Fetches a value. */
  void get(long number, int bytes) throws IOException {
    command(GET, number, wire.head());
    wire.send();
    expect('$', bytes);
    value(number, bytes);
  }

  /** Stores a value. */
  void set(long number, int bytes) throws IOException {
    ByteBuffer head = wire.head();
    command(SET, number, head);
    head.put((byte) '$');
    decimal(bytes, head);
    head.put(LINE);
    wire.sendWith(number, bytes, end.rewind());
    expect(OK);
  }

  /** Whether a value is there: one command, one answer. */
  void exists(long number) throws IOException {
    command(EXISTS, number, wire.head());
    wire.send();
    expect(':', 1);
  }

  /** GET of values from {@code first} on, all sent before the first answer is read. */
  void getPipelined(ByteBuffer request, long first, int count, int bytes) throws IOException {
    wire.send(request.rewind());
    for (int i = 0; i < count; i++) {
      expect('$', bytes);
      value(first + i, bytes);
    }
  }

  /** MGET of values from {@code first} on. */
  void getMany(ByteBuffer request, long first, int count, int bytes) throws IOException {
    wire.send(request.rewind());
    expect('*', count);
    for (int i = 0; i < count; i++) {
      expect('$', bytes);
      value(first + i, bytes);
    }
  }

  /** EXISTS of single keys, all sent before the first answer is read. */
  void existsPipelined(ByteBuffer request, int count) throws IOException {
    wire.send(request.rewind());
    for (int i = 0; i < count; i++) {
      expect(':', 1);
    }
  }

  /** EXISTS of many keys in one command. */
  void existMany(ByteBuffer request, int count) throws IOException {
    wire.send(request.rewind());
    expect(':', count);
  }

  /** Gives a value another key. */
  void rename(long number, String key) throws IOException {
    ByteBuffer head = wire.head();
    command(ascii("*3\r\n$6\r\nRENAME\r\n"), number, head);
    head.put(ascii("$" + key.length() + "\r\n" + key + "\r\n"));
    wire.send();
    expect(OK);
  }

  /** Empties the server. */
  void flush() throws IOException {
    wire.head().put(ascii("*2\r\n$8\r\nFLUSHALL\r\n$4\r\nSYNC\r\n"));
    wire.send();
    expect(OK);
  }

  /** GET of each value from {@code first} on. */
  static ByteBuffer gets(long first, int count) {
    return pipeline(GET, first, count);
  }

  /** EXISTS of each value from {@code first} on. */
  static ByteBuffer existences(long first, int count) {
    return pipeline(EXISTS, first, count);
  }

  /** One command, MGET or EXISTS, for the values from {@code first} on. */
  static ByteBuffer one(String command, long first, int count) {
    ByteBuffer request = ByteBuffer.allocateDirect((count + 1) * COMMAND_BYTES);
    request.put(ascii("*" + (count + 1) + "\r\n$" + command.length() + "\r\n" + command + "\r\n"));
    for (int i = 0; i < count; i++) {
      command(new byte[0], first + i, request);
    }
    return request.flip();
  }

  private static ByteBuffer pipeline(byte[] command, long first, int count) {
    ByteBuffer request = ByteBuffer.allocateDirect(count * COMMAND_BYTES);
    for (int i = 0; i < count; i++) {
      command(command, first + i, request);
    }
    return request.flip();
  }

  private static void command(byte[] start, long number, ByteBuffer out) {
    out.put(start).put(KEY);
    Values.key(number, out);
    out.put(LINE);
  }

  private static void decimal(int value, ByteBuffer out) {
    int divisor = 1;
    while (value / divisor >= 10) {
      divisor *= 10;
    }
    for (; divisor > 0; divisor /= 10) {
      out.put((byte) ('0' + value / divisor % 10));
    }
  }

  private void value(long number, int bytes) throws IOException {
    wire.receive(number, bytes);
    if (wire.next() != '\r' || wire.next() != '\n') {
      throw new IOException("Redis: a value of another length");
    }
  }

  private void expect(byte[] wanted) throws IOException {
    for (int i = 0; i < wanted.length; i++) {
      byte b = wire.next();
      if (b != wanted[i]) {
        throw new IOException("Redis: " + (char) b + line());
      }
    }
  }

  private void expect(char type, long wanted) throws IOException {
    byte first = wire.next();
    if (first != type) {
      throw new IOException("Redis: " + (char) first + line());
    }
    long value = 0;
    byte b = wire.next();
    while (b != '\r') {
      value = b == '-' ? Long.MIN_VALUE / 100 : value * 10 + b - '0';
      b = wire.next();
    }
    wire.next();
    if (value != wanted) {
      throw new IOException("Redis: " + type + value + " instead of " + wanted);
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    byte b = wire.next();
    while (b != '\r') {
      line.append((char) b);
      b = wire.next();
    }
    wire.next();
    return line.toString();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }

  @Override
  public void close() throws IOException {
    wire.close();
  }
}
