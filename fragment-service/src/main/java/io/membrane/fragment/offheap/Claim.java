package io.membrane.fragment.offheap;

import io.membrane.block.ContentDigester;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Memory that is being written, front to back: with {@link #commit} it becomes a payload, without
 * it {@link #close} gives everything back.
 *
 * <p>For one writer at a time. Only {@link #close} may come from any thread at any time, of a
 * request that is cancelled, say: a call that it meets goes on to its end, and the memory is given
 * back after it. After commit or close every other method throws {@link IllegalStateException}.
 */
public final class Claim implements AutoCloseable {

  private final OffHeap owner;

  /** Null once committed or closed: then the guard is the payload's, or nobody's. */
  private final AtomicReference<@Nullable Guard> guard;

  private long written;
  private @Nullable ContentDigester digester;

  Claim(OffHeap owner, Guard guard) {
    this.owner = owner;
    this.guard = new AtomicReference<>(guard);
  }

  private static Guard open(@Nullable Guard guard) {
    if (guard == null) {
      throw new IllegalStateException("the claim is committed or closed");
    }
    return guard;
  }

  private Chain hold() {
    return open(guard.get()).hold();
  }

  /**
   * Digests what is written from now on as it comes, while it is in the processor's cache; {@link
   * Payload#digest} then has it for nothing.
   *
   * @throws IllegalStateException if something is written already
   */
  public void digestAsWritten() {
    if (written() > 0) {
      throw new IllegalStateException(written + " bytes are written already");
    }
    digester = new ContentDigester();
  }

  /** Bytes written so far. */
  public long written() {
    hold().letGo();
    return written;
  }

  /** Bytes that can still be written. */
  public long remaining() {
    Chain chain = hold();
    try {
      return chain.bytes() - written;
    } finally {
      chain.letGo();
    }
  }

  /**
   * Makes room for {@code bytes} more.
   *
   * @return false if there is none; then nothing has changed
   */
  public boolean grow(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot grow by " + bytes + " bytes");
    }
    Chain chain = hold();
    try {
      long wanted = chain.bytes() + bytes;
      if (wanted < 0 || !owner.tryGrow(chain, wanted)) {
        return false;
      }
      chain.growTo(wanted);
      return true;
    } finally {
      chain.letGo();
    }
  }

  /**
   * Writes all that remains in {@code source}, whose position moves to its limit.
   *
   * @throws IllegalStateException if that is more than {@link #remaining}; then nothing is written
   */
  public void append(ByteBuffer source) {
    Chain chain = hold();
    try {
      if (source.remaining() > chain.bytes() - written) {
        throw new IllegalStateException(
            "%d bytes do not fit into the %d that remain; grow the claim first"
                .formatted(source.remaining(), chain.bytes() - written));
      }
      put(chain, source);
    } finally {
      chain.letGo();
    }
  }

  private void put(Chain chain, ByteBuffer source) {
    int limit = source.limit();
    while (source.position() < limit) {
      ByteBuffer room = chain.writable(written, limit - source.position());
      int n = room.remaining();
      source.limit(source.position() + n);
      digest(source);
      room.put(source);
      source.limit(limit);
      written += n;
    }
  }

  private void digest(ByteBuffer piece) {
    if (digester != null) {
      digester.add(piece);
    }
  }

  /**
   * Writes what one read of the stream gives, through a buffer of 64 KiB. Blocks as the stream
   * does.
   *
   * @return bytes written, or -1 at the end of the stream
   * @throws IllegalStateException if nothing remains
   */
  public int readFrom(InputStream in) throws IOException {
    Chain chain = hold();
    byte[] transfer = owner.transferBuffers().take();
    try {
      int n = in.read(transfer, 0, (int) Math.min(transfer.length, room(chain)));
      if (n > 0) {
        put(chain, ByteBuffer.wrap(transfer, 0, n));
      }
      return n;
    } finally {
      owner.transferBuffers().giveBack(transfer);
      chain.letGo();
    }
  }

  /**
   * Writes what one read of the channel gives, without a copy. Blocks as the channel does.
   *
   * @param channel must not keep the buffer that it is given
   * @return bytes written, or -1 at the end of the channel
   * @throws IllegalStateException if nothing remains
   */
  public int readFrom(ReadableByteChannel channel) throws IOException {
    Chain chain = hold();
    try {
      ByteBuffer room = chain.writable(written, room(chain));
      int n = channel.read(room);
      written += room.position();
      digest(room.flip());
      return n;
    } finally {
      chain.letGo();
    }
  }

  private long room(Chain chain) {
    long room = chain.bytes() - written;
    if (room == 0) {
      throw new IllegalStateException("the claim is full; grow it first");
    }
    return room;
  }

  /**
   * Makes what was written a payload and gives back the units that were not needed.
   *
   * @return the first lease of the payload, the caller's to close
   */
  public Payload commit() {
    Guard share = open(guard.getAndSet(null));
    Chain chain = share.hold();
    try {
      owner.commit(chain, written);
      return new Payload(share, written, digester == null ? null : digester.digest());
    } finally {
      chain.letGo();
    }
  }

  /** Gives everything back, unless it was committed. Idempotent. */
  @Override
  public void close() {
    Guard share = guard.getAndSet(null);
    if (share != null) {
      share.close();
    }
  }
}
