package io.membrane.rpc;

/** While it is open, the thread that opened it is interrupted when its caller leaves. */
final class InterruptOnCancel implements AutoCloseable {

  private final Cancellation cancellation;
  private final Cancellation.Listener listener;

  InterruptOnCancel(Cancellation cancellation) {
    this.cancellation = cancellation;
    this.listener = cancellation.onCancel(Thread.currentThread()::interrupt);
  }

  /** The interrupt, if there was one, ends here. */
  @Override
  public void close() {
    listener.close();
    if (cancellation.isCancelled()) {
      Thread.interrupted();
    }
  }
}
