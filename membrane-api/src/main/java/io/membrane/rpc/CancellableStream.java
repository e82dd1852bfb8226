package io.membrane.rpc;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** An answer that breaks off, with its connection, when the caller that it is for has left. */
final class CancellableStream extends FilterInputStream {

  private final Cancellation.Listener leaving;

  CancellableStream(InputStream in, Cancellation cancellation) {
    super(in);
    this.leaving = cancellation.onCancel(this::breakOff);
  }

  private void breakOff() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    leaving.close();
    super.close();
  }
}
