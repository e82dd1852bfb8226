package io.membrane.worker.publish;

import static java.util.Comparator.naturalOrder;

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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores new blocks with fragment-service, which announces them.
 *
 * <p>A conflict is no error: the block is there already with KV of the same prompt that differs in
 * its last bits (another thread count, chunk size or device computed it), and the store keeps the
 * first bytes. Every fragment is stored whole or not at all; where a later one fails, the earlier
 * ones stay, which is a valid shorter prefix.
 */
final class BlockStore {

  private static final Logger log = LoggerFactory.getLogger(BlockStore.class);

  private static final int BLOCKS_PER_CALL = 256;
  private static final long BYTES_PER_CALL = 64L << 20;
  private static final int CONFLICT = ErrorCode.FRAGMENT_CONFLICT.status();

  /**
   * What became of the blocks.
   *
   * @param conflicts those that the store keeps other bytes of
   * @param logPosition event-log position at which the directory knows them all
   */
  record Outcome(Set<FragmentKey> conflicts, @Nullable String logPosition) {}

  private final FragmentClient fragments;
  private final ServedModel served;

  BlockStore(FragmentClient fragments, ServedModel served) {
    this.fragments = fragments;
    this.served = served;
  }

  /**
   * Stores blocks in order, and then the states behind some of them, so that no state lies there
   * without the KV before it.
   *
   * @throws MembraneException the store's own problem with the first block that it refused
   */
  Outcome store(List<Payload> blocks, List<Payload> states) {
    Set<FragmentKey> conflicts = new HashSet<>();
    List<LogPosition> positions = new ArrayList<>();
    store(blocks, conflicts, positions);
    store(states, conflicts, positions);
    String latest = positions.stream().max(naturalOrder()).map(LogPosition::toString).orElse(null);
    return new Outcome(conflicts, latest);
  }

  private void store(
      List<Payload> payloads, Set<FragmentKey> conflicts, List<LogPosition> positions) {
    long largest = payloads.stream().mapToLong(p -> p.bytes().length).max().orElse(1);
    int step = Math.clamp(BYTES_PER_CALL / largest, 1, BLOCKS_PER_CALL);
    for (int from = 0; from < payloads.size(); from += step) {
      List<Payload> batch = payloads.subList(from, Math.min(payloads.size(), from + step));
      put(batch, conflicts, positions);
    }
  }

  private void put(List<Payload> batch, Set<FragmentKey> conflicts, List<LogPosition> positions) {
    InputStream answer =
        fragments.batchPut(out -> {
          FrameWriter frames = new FrameWriter(out);
          for (Payload payload : batch) {
            frames.write(frame(payload));
          }
          frames.end();
        });
    try (InputStream body = answer) {
      FrameReader frames = new FrameReader(body, 0, batch.size());
      for (Payload payload : batch) {
        Frame.Header header = answer(frames, payload.key());
        Problem problem = header.problem();
        if (problem != null && problem.status() == CONFLICT) {
          log.info("{} is stored already with other bytes, which are kept", payload.key());
          conflicts.add(payload.key());
        } else if (problem != null) {
          throw problem.toException();
        } else if (header.logPosition() != null) {
          positions.add(LogPosition.parse(header.logPosition()));
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "fragment-service broke off while it stored blocks; try again",
          e);
    }
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
