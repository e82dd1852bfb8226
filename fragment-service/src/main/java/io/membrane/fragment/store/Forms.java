package io.membrane.fragment.store;

import io.membrane.fragment.compression.Compression;
import io.membrane.fragment.compression.Expansion;
import io.membrane.fragment.compression.MalformedZstdException;
import io.membrane.fragment.compression.ZstdCodec;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * The forms in which payloads lie in Redis: plain, or as zstd. A body's id tells its form, so that
 * a store may hold both, and replicas may differ in what they write:
 *
 * <pre>
 *  &lt;digest&gt;.&lt;time&gt;.&lt;random&gt;                      plain
 *  &lt;digest&gt;.&lt;time&gt;.&lt;random&gt;-zstd-&lt;length&gt;      zstd frames of so many bytes, fewer than the payload has
 * </pre>
 *
 * <p>What is written follows from the payload and the configuration alone. Equal bytes lie in Redis
 * once, whoever has put them, and each put exchanges them: a form that depended on anything else
 * would tell a tenant, which sees the form of what it has, that another has put the same.
 *
 * <p>Thread-safe.
 */
final class Forms {

  /** What has to be saved for a body to be compressed: one byte of so many. */
  private static final int WORTHWHILE = 8;

  private static final String ZSTD = "-zstd-";
  private static final int MAX_DIGITS = 10;

  private final Compression compression;
  private final MemoryTier memory;
  private final ZstdCodec zstd = new ZstdCodec(Runtime.getRuntime().availableProcessors());

  /**
   * @param compression what is written
   */
  Forms(Compression compression, MemoryTier memory) {
    this.compression = compression;
    this.memory = memory;
  }

  /**
   * What to write of a payload: zstd if that saves enough.
   *
   * @return the payload itself, or something shorter; a lease, the caller's to close
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if there is no room to compress in time
   */
  Payload toWrite(Payload plain) {
    Payload compressed = compression == Compression.ZSTD ? compressed(plain) : null;
    return compressed == null ? plain.retain() : compressed;
  }

  private @Nullable Payload compressed(Payload plain) {
    long most = plain.length() - Math.ceilDiv(plain.length(), WORTHWHILE);
    if (most == 0) {
      return null;
    }
    try (Claim room = memory.claimForm(most)) {
      return zstd.compress(plain, room) ? room.commit() : null;
    }
  }

  /**
   * Expands what was read.
   *
   * @param plain has room for what it shall become, and not a byte more
   * @return null if it becomes anything of another length
   */
  @Nullable Payload expanded(Payload compressed, Claim plain) {
    try (Expansion expansion = zstd.expand(compressed)) {
      boolean goesOn = true;
      while (goesOn && plain.remaining() > 0) {
        goesOn = plain.readFrom(expansion) >= 0;
      }
      return goesOn && expansion.hasEnded() ? plain.commit() : null;
    } catch (MalformedZstdException e) {
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
  }

  /** A body's id, with its form. */
  static String id(String id, Payload plain, Payload written) {
    return written.length() == plain.length() ? id : id + ZSTD + written.length();
  }

  /**
   * Bytes of the zstd that lies under an id; null if what lies there is plain.
   *
   * @param plainBytes length of the payload
   * @throws IllegalArgumentException if the id tells of no form that such a payload can have
   */
  static @Nullable Long zstdBytes(String id, long plainBytes) {
    int form = id.indexOf('-');
    if (form < 0) {
      return null;
    }
    String length = id.startsWith(ZSTD, form) ? id.substring(form + ZSTD.length()) : "";
    if (length.isEmpty()
        || length.length() > MAX_DIGITS
        || !length.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new IllegalArgumentException("the form of a body is plain or zstd, not of " + id);
    }
    long bytes = Long.parseLong(length);
    if (bytes == 0 || bytes >= plainBytes) {
      throw new IllegalArgumentException(bytes + " bytes of zstd for " + plainBytes);
    }
    return bytes;
  }

  /** Bytes that lie under an id. */
  static long bytes(String id, long plainBytes) {
    Long compressed = zstdBytes(id, plainBytes);
    return compressed == null ? plainBytes : compressed;
  }
}
