package io.membrane.worker.publish;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.TransferBlock;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Tails of prompts between their prefill and their delivery. Each is handed out once, to its own
 * tenant, and dropped then or when its time is over; together they have a bound. Thread-safe.
 */
public final class TransferBlocks {

  @SuppressWarnings("ArrayRecordComponent") // handed out, never compared
  private record Held(String tenant, byte[] bytes, Instant end) {}

  private final long limit;
  private final Duration life;
  private final Clock clock;
  private final String node = UUID.randomUUID().toString();

  /** In the order of their ends, since all live equally long. */
  private final Map<String, Held> held = new LinkedHashMap<>();

  private long bytes;

  /**
   * @param limit bytes of all together, those that are still being computed included
   * @param life from the end of the prefill on
   */
  public TransferBlocks(long limit, Duration life, Clock clock, MeterRegistry meters) {
    this.limit = limit;
    this.life = life;
    this.clock = clock;
    meters.gauge(WorkerMetric.TRANSFER_BYTES.metric(), this, TransferBlocks::bytes);
  }

  /** What the ids begin with: another one in every process. */
  public String node() {
    return node;
  }

  /** How long one is kept. */
  Duration life() {
    return life;
  }

  /** Room for one tail, given back unless something is held in it. Not thread-safe. */
  final class Room implements AutoCloseable {

    private long left;

    private Room(long left) {
      this.left = left;
    }

    /** Holds a tail of the caller's tenant, as large as the room; its id. */
    String hold(byte[] tail) {
      left = 0;
      return TransferBlocks.this.hold(tail);
    }

    @Override
    public void close() {
      release(left);
    }
  }

  /**
   * Takes room for a tail that will be computed.
   *
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if there is none, {@link
   *     ErrorCode#IMPOSSIBLE_REQUEST} if there never will be
   */
  synchronized Room reserve(long size) {
    dropExpired();
    if (size > limit) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "the tail has %d bytes, this worker holds %d (membrane.worker.transfer-memory)"
              .formatted(size, limit));
    }
    if (bytes + size > limit) {
      throw new MembraneException(
          ErrorCode.OVERLOADED,
          ("transfer blocks that wait for their delivery fill their memory"
                  + " (membrane.worker.transfer-memory, %d bytes): fetch them, or try again within"
                  + " %d s")
              .formatted(limit, life.toSeconds()));
    }
    bytes += size;
    return new Room(size);
  }

  private synchronized void release(long size) {
    bytes -= size;
  }

  private synchronized String hold(byte[] tail) {
    String id = node + TransferBlock.SEPARATOR + UUID.randomUUID();
    held.put(id, new Held(CallContext.tenantOfCall(), tail, clock.instant().plus(life)));
    return id;
  }

  /**
   * Hands a tail out and forgets it.
   *
   * @throws MembraneException {@link ErrorCode#NOT_FOUND} if the caller's tenant has none of that
   *     id
   */
  public synchronized byte[] take(String id) {
    dropExpired();
    Held found = held.get(id);
    if (found == null || !found.tenant().equals(CallContext.tenantOfCall())) {
      throw new MembraneException(
          ErrorCode.NOT_FOUND,
          "there is no such transfer block at this worker: it is handed out once, within %d s"
              .formatted(life.toSeconds()));
    }
    held.remove(id);
    bytes -= found.bytes().length;
    return found.bytes();
  }

  /** Bytes that are held or reserved. */
  synchronized long bytes() {
    dropExpired();
    return bytes;
  }

  private void dropExpired() {
    Instant now = clock.instant();
    for (Iterator<Held> oldest = held.values().iterator(); oldest.hasNext(); ) {
      Held block = oldest.next();
      if (block.end().isAfter(now)) {
        return;
      }
      oldest.remove();
      bytes -= block.bytes().length;
    }
  }
}
