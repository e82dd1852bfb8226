package io.membrane.benchmarks.fragment;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * One of those that are compared.
 *
 * @param processes ids of the processes that serve it
 * @param opening opens a connection, or each of several
 * @param before what is done, unmeasured, ahead of every round
 */
record Side(String name, List<Long> processes, Opening opening, Preparation before) {

  Side(String name, List<Long> processes, Opening opening) {
    this(name, processes, opening, () -> {});
  }

  /** The same with something to be done before every round. */
  Side after(Preparation preparation) {
    return new Side(name, processes, opening, preparation);
  }

  /** A connection and what is called on it. */
  record Caller(Call call, Closeable connection) implements Closeable {

    @Override
    public void close() throws IOException {
      connection.close();
    }
  }

  /** One call, answered and checked. */
  @FunctionalInterface
  interface Call {

    /** Payload bytes that it has moved. */
    long make() throws IOException;
  }

  @FunctionalInterface
  interface Opening {

    Caller open(int connection) throws IOException;
  }

  @FunctionalInterface
  interface Preparation {

    void run() throws IOException;
  }
}
