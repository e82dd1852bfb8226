package io.membrane.reconstruction.execute;

import io.membrane.block.ContentDigest;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.TransferBlock.TransferPart;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;

/** Fetches tails of prompts from the workers that computed them. They are gone there afterwards. */
final class TailBytes {

  private static final String AGAIN = "; the worker has forgotten it: prefill again";

  private TailBytes() {}

  /**
   * The bytes of a transfer block.
   *
   * @throws MembraneException if the worker does not have it, or its bytes are not what it says
   */
  static byte[] fetch(ComputeClient worker, String id, int maxBytes) {
    @Nullable ResponseEntity<InputStream> answer = worker.transferBlock(id);
    InputStream body = answer == null ? null : answer.getBody();
    if (body == null) {
      throw broken("it sent nothing", null);
    }
    try (body) {
      byte[] bytes = body.readNBytes(maxBytes);
      if (body.read() >= 0) {
        throw new MembraneException(
            ErrorCode.TOO_LARGE,
            "the tail is larger than %d bytes (membrane.reconstruction.max-fragment)%s"
                .formatted(maxBytes, AGAIN));
      }
      String claimed = answer.getHeaders().getFirst("Repr-Digest");
      if (!ContentDigest.of(bytes).toReprDigest().equals(claimed)) {
        throw damaged();
      }
      return bytes;
    } catch (IOException e) {
      CallContext.checkDeadline("the delivery of a tail");
      throw broken(String.valueOf(e.getMessage()), e);
    }
  }

  /** Writes a frame for each part of a tail: its bytes, or why they cannot be had. */
  static void write(HeldTail tail, int maxBytes, FrameWriter out) throws IOException {
    List<Frame> frames;
    try {
      frames = frames(tail, fetch(tail.worker(), tail.block().id(), maxBytes));
    } catch (MembraneException e) {
      Problem problem = Problem.of(e.code(), e.detail(), null);
      frames =
          tail.block().parts().stream().map(part -> Frame.failed(tail.key(part), problem)).toList();
    }
    for (Frame frame : frames) {
      out.write(frame);
    }
  }

  private static List<Frame> frames(HeldTail tail, byte[] bytes) {
    long sum = tail.block().parts().stream().mapToLong(TransferPart::bytes).sum();
    if (sum != bytes.length || !ContentDigest.of(bytes).equals(tail.block().digest())) {
      throw damaged();
    }
    List<Frame> frames = new ArrayList<>();
    int from = 0;
    for (TransferPart part : tail.block().parts()) {
      byte[] piece = Arrays.copyOfRange(bytes, from, from + (int) part.bytes());
      from += piece.length;
      frames.add(
          Frame.payload(200, tail.key(part), tail.meta(part), ContentDigest.of(piece), piece));
    }
    return frames;
  }

  private static MembraneException damaged() {
    return new MembraneException(
        ErrorCode.DIGEST_MISMATCH, "the tail arrived damaged and is not passed on" + AGAIN);
  }

  private static MembraneException broken(String detail, @Nullable Throwable cause) {
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE, "the tail broke off: " + detail + AGAIN, cause);
  }
}
