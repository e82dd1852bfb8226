package io.membrane.fragment.inflight;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;

/** Room for some bytes, taken until it is closed. For one thread at a time. */
public final class Lease implements AutoCloseable {

  private final InFlight owner;
  private int held;

  Lease(InFlight owner) {
    this.owner = owner;
  }

  /**
   * Takes more room, up to {@code bytes} in all; does nothing if that much is held.
   *
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if there is none in time
   */
  public void growTo(long bytes) {
    int wanted = owner.unitsFor(bytes);
    if (wanted > held) {
      owner.acquire(wanted - held);
      held = wanted;
    }
  }

  /** Gives everything back; the lease can grow again. */
  public void release() {
    owner.release(held);
    held = 0;
  }

  @Override
  public void close() {
    release();
  }
}
