package io.membrane.worker.publish;

import io.membrane.block.FragmentKey;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogPosition;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores new blocks, and states behind some of them, with fragment-service, which announces them.
 *
 * <p>A conflict is no error: the block is there already with KV of the same prompt that differs in
 * its last bits (another thread count, chunk size or device computed it), and the store keeps the
 * first bytes. Every fragment is stored whole or not at all; where a later one fails, the earlier
 * ones stay, which is a valid shorter prefix.
 */
final class BlockStore {

  private static final Logger log = LoggerFactory.getLogger(BlockStore.class);

  private static final int SLICES_PER_CALL = 256;
  private static final long BYTES_PER_CALL = 64L << 20;
  private static final int CONFLICT = ErrorCode.FRAGMENT_CONFLICT.status();

  private final FragmentClient fragments;
  private final ServedModel served;

  BlockStore(FragmentClient fragments, ServedModel served) {
    this.fragments = fragments;
    this.served = served;
  }

  /** As {@link #store}, however many there are; nothing is tried behind one that failed. */
  Outcome storeAll(List<Payload> payloads) {
    Outcome outcome = Outcome.NONE;
    int from = 0;
    while (from < payloads.size() && outcome.failure() == null) {
      int count = 0;
      long bytes = 0;
      while (from + count < payloads.size()
          && fits(count, bytes, payloads.get(from + count).bytes().length)) {
        bytes += payloads.get(from + count++).bytes().length;
      }
      outcome = outcome.and(store(payloads.subList(from, from + count)));
      from += count;
    }
    MembraneException failure = outcome.failure();
    List<Payload> left = payloads.subList(from, payloads.size());
    return failure == null
        ? outcome
        : outcome.and(Outcome.failed(left.stream().map(Payload::key).toList(), failure));
  }

  /** Whether a call of {@code count} slices takes one more; the first always goes. */
  static boolean fits(int count, long bytes, long more) {
    return count == 0 || (count < SLICES_PER_CALL && bytes + more <= BYTES_PER_CALL);
  }

  /** Stores slices in order, in one call. A store that refuses or is away is no error. */
  Outcome store(List<Payload> batch) {
    Outcome outcome = Outcome.NONE;
    try (InputStream body = fragments.batchPut(out -> write(batch, new FrameWriter(out)))) {
      FrameReader frames = new FrameReader(body, 0, batch.size());
      for (int i = 0; i < batch.size(); i++) {
        outcome = outcome.and(outcome(batch.get(i), answer(frames, batch.get(i).key())));
      }
      return outcome;
    } catch (MembraneException e) {
      return outcome.and(failed(batch, outcome, e));
    } catch (IOException | IllegalArgumentException e) {
      return outcome.and(
          failed(
              batch,
              outcome,
              new MembraneException(
                  ErrorCode.DEPENDENCY_UNAVAILABLE,
                  "fragment-service broke off while it stored blocks",
                  e)));
    }
  }

  private void write(List<Payload> batch, FrameWriter frames) throws IOException {
    for (Payload payload : batch) {
      frames.write(frame(payload));
    }
    frames.end();
  }

  /** Those of a batch that had no answer. */
  private static Outcome failed(List<Payload> batch, Outcome answered, MembraneException failure) {
    int count = answered.kept().size() + answered.conflicts() + answered.unstored().size();
    List<Payload> left = batch.subList(count, batch.size());
    return Outcome.failed(left.stream().map(Payload::key).toList(), failure);
  }

  private static Outcome outcome(Payload payload, Frame.Header header) {
    Problem problem = header.problem();
    if (problem != null && problem.status() == CONFLICT) {
      log.info("{} is stored already with other bytes, which are kept", payload.key());
      return new Outcome(Map.of(), 1, List.of(), null, null);
    }
    if (problem != null) {
      return Outcome.failed(List.of(payload.key()), problem.toException());
    }
    @Nullable String position = header.logPosition();
    return new Outcome(
        Map.of(payload.key(), payload.digest()),
        0,
        List.of(),
        null,
        position == null ? null : LogPosition.parse(position));
  }

  private static Frame.Header answer(FrameReader frames, FragmentKey key) throws IOException {
    try {
      Frame frame = frames.next();
      if (frame != null
          && frame.header().key().equals(key)
          && (frame.status() < 400 || frame.header().problem() != null)) {
        return frame.header();
      }
      throw new IOException("no answer for " + key);
    } catch (MembraneException e) {
      throw new IOException("an unreadable answer for " + key, e);
    }
  }

  private Frame frame(Payload payload) {
    FragmentMeta meta =
        new FragmentMeta(
            served.namespace(),
            payload.parent(),
            payload.span(),
            served.signature(payload.key().slice(), payload.span()),
            null,
            false);
    return Frame.payload(200, payload.key(), meta, payload.digest(), payload.bytes());
  }
}
