package io.membrane.benchmarks.fragment;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;

/** Reads one answer of HTTP/1.1 after another from a connection that is kept. For one thread. */
final class HttpAnswer {

  private static final byte[] CONTENT_LENGTH = "content-length:".getBytes(US_ASCII);
  private static final byte[] CHUNKED = "transfer-encoding: chunked".getBytes(US_ASCII);
  private static final byte[] CLOSE = "connection: close".getBytes(US_ASCII);
  private static final int STATUS_AT = 9;
  private static final int LONGEST_REASON = 2000;

  private final Wire wire;
  private final byte[] line = new byte[64];
  private int lineBytes;
  private boolean chunked;
  private boolean closes;

  /** Bytes up to the end of the body, or of its current chunk. */
  private long left;

  HttpAnswer(Wire wire) {
    this.wire = wire;
  }

  /**
   * Reads status and headers.
   *
   * @throws IOException with what the server says, if the status is neither of the two
   */
  void begin(int wanted, int orElse) throws IOException {
    readLine();
    int status = (int) number(STATUS_AT, 10);
    chunked = false;
    closes = false;
    left = 0;
    readLine();
    while (lineBytes > 0) {
      if (starts(CONTENT_LENGTH)) {
        left = number(CONTENT_LENGTH.length, 10);
      }
      chunked |= starts(CHUNKED);
      closes |= starts(CLOSE);
      readLine();
    }
    if (chunked) {
      readLine();
      left = number(0, 16);
    }
    if (status != wanted && status != orElse) {
      throw new IOException("HTTP " + status + " " + reason());
    }
  }

  /** The body is this value and nothing else; it is received into one place. */
  void value(long number, int bytes) throws IOException {
    if (chunked || left != bytes) {
      throw new IOException("a body of " + left + " bytes, not " + bytes);
    }
    wire.receive(number, bytes);
    left = 0;
  }

  /** The next bytes of the body as a number, most significant first. */
  long next(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      if (left == 0) {
        throw new IOException("a body that is too short");
      }
      value = (value << 8) | (wire.next() & 0xFF);
      passed(1);
    }
    return value;
  }

  /** Passes over bytes of the body. */
  void skip(long bytes) throws IOException {
    for (long rest = bytes; rest > 0; ) {
      rest -= skipArrived(rest);
    }
  }

  /** The next bytes of the body are a value; every piece that arrives is checked at its start. */
  void nextValue(long number, int bytes) throws IOException {
    for (int at = 0; at < bytes; ) {
      wire.arrived(1);
      if (Math.min(left, bytes - at) >= Long.BYTES) {
        wire.check(number, at);
      }
      at += skipArrived(bytes - at);
    }
  }

  /** Passes over what is left, and takes a new connection if the server closes this one. */
  void end() throws IOException {
    while (left > 0) {
      skipArrived(left);
    }
    if (closes) {
      wire.reconnect();
    }
  }

  private int skipArrived(long limit) throws IOException {
    if (left == 0) {
      throw new IOException("a body that is too short");
    }
    int there = wire.arrived(Math.min(limit, left));
    wire.pass(there);
    passed(there);
    return there;
  }

  private void passed(int bytes) throws IOException {
    left -= bytes;
    if (left == 0 && chunked) {
      readLine();
      readLine();
      left = number(0, 16);
      if (left == 0) {
        readLine();
      }
    }
  }

  private String reason() throws IOException {
    StringBuilder reason = new StringBuilder();
    while (left > 0 && reason.length() < LONGEST_REASON) {
      reason.append((char) next(1));
    }
    return reason.toString();
  }

  /** Keeps the beginning of the next line, in lower case. */
  private void readLine() throws IOException {
    lineBytes = 0;
    byte b = wire.next();
    while (b != '\r') {
      if (lineBytes < line.length) {
        line[lineBytes++] = b >= 'A' && b <= 'Z' ? (byte) (b + 'a' - 'A') : b;
      }
      b = wire.next();
    }
    wire.next();
  }

  private boolean starts(byte[] name) {
    for (int i = 0; i < name.length; i++) {
      if (i >= lineBytes || line[i] != name[i]) {
        return false;
      }
    }
    return true;
  }

  private long number(int from, int radix) throws IOException {
    int at = from;
    while (at < lineBytes && line[at] == ' ') {
      at++;
    }
    int digits = 0;
    long value = 0;
    for (; at < lineBytes && Character.digit(line[at], radix) >= 0; at++) {
      value = value * radix + Character.digit(line[at], radix);
      digits++;
    }
    if (digits == 0) {
      throw new IOException("no number in: " + new String(line, 0, lineBytes, US_ASCII));
    }
    return value;
  }
}
