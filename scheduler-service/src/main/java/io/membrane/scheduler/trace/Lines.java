package io.membrane.scheduler.trace;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.io.IOException;
import java.io.InputStream;

/** Splits a stream into lines at {@code \n} without holding more than one of them. */
final class Lines {

  private static final int FIRST_BUFFER = 64 * 1024;

  private final InputStream in;
  private final TraceLimits limits;
  private byte[] buffer = new byte[FIRST_BUFFER];
  private int filled;
  private int next;
  private long read;
  private long number;
  private int from;
  private int to;

  Lines(InputStream in, TraceLimits limits) {
    this.in = in;
    this.limits = limits;
  }

  /**
   * Goes to the next line.
   *
   * @return whether there is one
   */
  boolean advance() throws IOException {
    from = next;
    int seen = from;
    while (true) {
      while (seen < filled) {
        if (buffer[seen++] == '\n') {
          return lineUpTo(seen - 1, seen);
        }
      }
      int length = filled - from;
      requireShort(length);
      if (filled == buffer.length) {
        makeRoom(length);
        seen = length;
      }
      int n = in.read(buffer, filled, buffer.length - filled);
      if (n < 0) {
        return length > 0 && lineUpTo(filled, filled);
      }
      count(n);
    }
  }

  private boolean lineUpTo(int end, int following) {
    requireShort(end - from);
    to = end;
    next = following;
    number++;
    return true;
  }

  private void requireShort(int length) {
    if (length > limits.lineBytes()) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE,
          "line %d has more than %d bytes; one line is one request"
              .formatted(number + 1, limits.lineBytes()));
    }
  }

  private void makeRoom(int length) {
    byte[] target = length * 2 > buffer.length ? new byte[buffer.length * 2] : buffer;
    System.arraycopy(buffer, from, target, 0, length);
    buffer = target;
    from = 0;
    filled = length;
  }

  private void count(int n) {
    filled += n;
    read += n;
    if (read > limits.bytes()) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE,
          "a trace has at most %d bytes; upload a part of it".formatted(limits.bytes()));
    }
  }

  /** Number of the current line, from 1. */
  long number() {
    return number;
  }

  boolean isBlank() {
    for (int i = from; i < to; i++) {
      if (buffer[i] != ' ' && buffer[i] != '\t' && buffer[i] != '\r') {
        return false;
      }
    }
    return true;
  }

  /** The array that holds the current line from {@link #from} to {@link #to}. */
  byte[] array() {
    return buffer;
  }

  int from() {
    return from;
  }

  int to() {
    return to;
  }
}
