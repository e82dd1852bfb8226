package io.membrane.fragment.offheap;

import io.membrane.block.ContentDigest;
import io.membrane.block.ContentDigester;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One lease of an immutable payload. Its memory stays until all leases of it are closed.
 *
 * <p>Thread-safe. A call that meets a {@link #close} goes on to its end, and the memory stays until
 * then. After close every method but {@link #length} and close throws {@link
 * IllegalStateException}. Ranges that reach out of the payload are refused with {@link
 * IndexOutOfBoundsException}.
 */
public final class Payload implements AutoCloseable {

  private final Guard guard;
  private final long length;
  private final @Nullable ContentDigest digest;

  /**
   * @param digest as computed while it was written, or null
   */
  Payload(Guard guard, long length, @Nullable ContentDigest digest) {
    this.guard = guard;
    this.length = length;
    this.digest = digest;
  }

  /** Bytes of the payload. */
  public long length() {
    return length;
  }

  /** Another lease of the same payload, to be closed by itself. */
  public Payload retain() {
    return new Payload(guard.copy(), length, digest);
  }

  /**
   * The bytes as read-only buffers, in order, for gathering writes: one for each stretch of memory.
   *
   * <p><b>They are valid until this lease is closed</b>, and keep neither it nor its memory: after
   * the last lease they show whatever is written there next, or throw. Hold the lease until the
   * last use of them.
   */
  public ByteBuffer[] buffers(long from, long length) {
    List<ByteBuffer> buffers = new ArrayList<>();
    forEach(from, length, buffers::add);
    return buffers.toArray(ByteBuffer[]::new);
  }

  /**
   * Shows the bytes as read-only buffers, in order. A buffer is valid until the visitor returns,
   * and as long as this lease is open.
   *
   * @throws E what the visitor throws, which ends the visits
   */
  public <E extends Exception> void forEach(long from, long length, Visitor<E> visitor) throws E {
    Objects.checkFromIndexSize(from, length, this.length);
    Chain chain = guard.hold();
    try {
      long end = from + length;
      for (long at = from; at < end; ) {
        ByteBuffer buffer = chain.readable(at, end - at);
        at += buffer.remaining();
        visitor.visit(buffer);
      }
    } finally {
      chain.letGo();
    }
  }

  /** Writes a range through a buffer of 64 KiB. Blocks as the stream does; does not flush it. */
  public void writeTo(OutputStream out, long from, long length) throws IOException {
    TransferBuffers buffers = guard.transferBuffers();
    byte[] transfer = buffers.take();
    try {
      forEach(from, length, buffer -> copy(buffer, out, transfer));
    } finally {
      buffers.giveBack(transfer);
    }
  }

  private static void copy(ByteBuffer buffer, OutputStream out, byte[] transfer)
      throws IOException {
    while (buffer.hasRemaining()) {
      int n = Math.min(transfer.length, buffer.remaining());
      buffer.get(transfer, 0, n);
      out.write(transfer, 0, n);
    }
  }

  /** SHA-256 of the whole payload: computed as it was written, if that was asked for, else now. */
  public ContentDigest digest() {
    if (digest != null) {
      return digest;
    }
    ContentDigester digester = new ContentDigester();
    forEach(0, length, digester::add);
    return digester.digest();
  }

  /** Ends this lease. Idempotent. */
  @Override
  public void close() {
    guard.close();
  }

  @Override
  public String toString() {
    return "Payload[" + length + " bytes]";
  }

  /**
   * Looks at a part of a payload.
   *
   * @param <E> what it may throw; {@code RuntimeException} if nothing else
   */
  @FunctionalInterface
  public interface Visitor<E extends Exception> {

    /** Looks at the next bytes; {@code buffer} is read-only and not empty. */
    void visit(ByteBuffer buffer) throws E;
  }
}
