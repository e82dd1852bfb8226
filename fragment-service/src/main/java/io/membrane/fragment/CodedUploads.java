package io.membrane.fragment;

import io.membrane.block.ContentDigest;
import io.membrane.fragment.compression.Expansion;
import io.membrane.fragment.compression.MalformedZstdException;
import io.membrane.fragment.compression.ZstdCodec;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/**
 * Receives bodies that may come as zstd, and expands them. What came is held until it is expanded;
 * neither it nor what it becomes may be longer than a fragment.
 *
 * <p>As RFC 9530 has it, {@code Repr-Digest} is the digest of what is sent, and {@code
 * Unencoded-Digest} (draft-ietf-httpbis-unencoded-digest) that of the bytes without their coding.
 */
final class CodedUploads {

  /** Room is taken in steps of at least so many bytes. */
  private static final long STEP = 256 * 1024;

  private final Uploads uploads;
  private final FragmentStore store;
  private final long maxBytes;
  private final ZstdCodec zstd = new ZstdCodec(Runtime.getRuntime().availableProcessors());

  CodedUploads(Uploads uploads, FragmentStore store, long maxBytes) {
    this.uploads = uploads;
    this.store = store;
    this.maxBytes = maxBytes;
  }

  /**
   * Reads the body of a request.
   *
   * @return the plain bytes, the caller's to close
   * @throws MembraneException as {@link Uploads#read}; {@link ErrorCode#DIGEST_MISMATCH} if it came
   *     coded and what came is not what its {@code Repr-Digest} says; {@link
   *     ErrorCode#MALFORMED_REQUEST} if it is no zstd, or not whole
   */
  Payload read(HttpServletRequest request) throws IOException {
    if (!isCoded(request)) {
      return uploads.read(request);
    }
    try (Payload coded = uploads.read(request)) {
      ContentDigest claimed = FragmentHeaders.digest(request);
      ContentDigest digest = claimed == null ? null : coded.digest();
      if (claimed != null && !claimed.equals(digest)) {
        throw new MembraneException(
            ErrorCode.DIGEST_MISMATCH,
            "the coded body's digest is "
                + digest
                + ", not "
                + claimed
                + "; Repr-Digest is that of what is sent, Unencoded-Digest that of the plain bytes");
      }
      return expand(coded);
    } catch (MalformedZstdException e) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "the body is not what its Content-Encoding says: " + e.getMessage(),
          e);
    }
  }

  private Payload expand(Payload coded) throws IOException {
    try (Claim claim = store.claim(0);
        Expansion expansion = zstd.expand(coded)) {
      do {
        if (claim.remaining() == 0) {
          // One more than the limit, to see whether there is more.
          long room = Math.min(Math.max(STEP, claim.written()), maxBytes + 1 - claim.written());
          if (room == 0) {
            throw Uploads.tooLarge(maxBytes);
          }
          store.grow(claim, room);
        }
        CallContext.checkDeadline("the upload");
      } while (claim.readFrom(expansion) >= 0);
      return claim.commit();
    }
  }

  /**
   * The digest that the plain bytes shall have, or null if none is claimed.
   *
   * @throws MembraneException {@link ErrorCode#DIGEST_MISMATCH} if two are, and they differ
   */
  static @Nullable ContentDigest claimed(HttpServletRequest request) {
    ContentDigest plain = FragmentHeaders.unencodedDigest(request);
    ContentDigest sent = isCoded(request) ? null : FragmentHeaders.digest(request);
    if (plain != null && sent != null && !plain.equals(sent)) {
      throw new MembraneException(
          ErrorCode.DIGEST_MISMATCH,
          "the body is not coded, so that Repr-Digest and Unencoded-Digest are the same");
    }
    return plain == null ? sent : plain;
  }

  /** Whether the body comes as zstd. */
  static boolean isCoded(HttpServletRequest request) {
    String coding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
    return coding != null && coding.strip().equalsIgnoreCase(AcceptedCodings.ZSTD);
  }
}
