package io.membrane.gateway.limits;

import java.util.function.LongConsumer;

/** Bytes of a stream, charged a mebibyte at a time. For one thread. */
final class Pieces {

  private static final long PIECE = 1 << 20;

  private final LongConsumer charge;
  private long open;

  Pieces(LongConsumer charge) {
    this.charge = charge;
  }

  void add(long bytes) {
    open += bytes;
    if (open >= PIECE) {
      settle();
    }
  }

  /** Charges the rest. */
  void settle() {
    if (open > 0) {
      charge.accept(open);
      open = 0;
    }
  }
}
