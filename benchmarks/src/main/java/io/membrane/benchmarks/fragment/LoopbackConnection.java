package io.membrane.benchmarks.fragment;

import java.io.Closeable;
import java.io.IOException;

/** A client of {@link LoopbackServer}. For one thread. */
final class LoopbackConnection implements Closeable {

  private final Wire wire;

  LoopbackConnection(int port, Values values, int maxBytes) throws IOException {
    this.wire = new Wire(port, values, maxBytes);
  }

  /** Receives a value. */
  void get(long number, int bytes) throws IOException {
    getMany(number, 1, bytes);
  }

  /** Receives values that follow each other, asked for at once. */
  void getMany(long first, int count, int bytes) throws IOException {
    wire.head().putLong(first).putInt(bytes).putInt(count);
    wire.send();
    for (int i = 0; i < count; i++) {
      wire.receive(first + i, bytes);
    }
  }

  /** Sends a value. */
  void put(long number, int bytes) throws IOException {
    wire.head().putLong(number).putInt(-bytes).putInt(1);
    wire.sendWith(number, bytes, Wire.NOTHING);
    for (int i = 0; i < LoopbackServer.REQUEST_BYTES; i++) {
      wire.next();
    }
  }

  @Override
  public void close() throws IOException {
    wire.close();
  }
}
