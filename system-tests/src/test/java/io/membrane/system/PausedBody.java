package io.membrane.system;

import java.io.InputStream;
import java.util.concurrent.CountDownLatch;

/** Bytes of which the second part comes only when a test says so. */
final class PausedBody extends InputStream {

  private final byte[] bytes;
  private final int pauseAt;
  private final CountDownLatch goesOn = new CountDownLatch(1);
  private int position;

  PausedBody(byte[] bytes, int pauseAt) {
    this.bytes = bytes;
    this.pauseAt = pauseAt;
  }

  void goOn() {
    goesOn.countDown();
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) {
    if (position == bytes.length) {
      return -1;
    }
    if (position == pauseAt) {
      awaitGoOn();
    }
    int end = position < pauseAt ? pauseAt : bytes.length;
    int n = Math.min(length, end - position);
    System.arraycopy(bytes, position, to, offset, n);
    position += n;
    return n;
  }

  private void awaitGoOn() {
    try {
      goesOn.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
