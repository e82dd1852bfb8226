package io.membrane.worker.publish;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the leading blocks of a prompt. Only bytes that have the right size, the digest that
 * their frame claims, and this model's signature are handed on; the first block without them ends
 * the prefix.
 */
final class PrefixFetch {

  private static final Logger log = LoggerFactory.getLogger(PrefixFetch.class);

  private static final int KEYS_PER_CALL = 512;

  private final FragmentClient fragments;
  private final ServedModel served;

  PrefixFetch(FragmentClient fragments, ServedModel served) {
    this.fragments = fragments;
    this.served = served;
  }

  /**
   * The usable blocks from the first on, at most {@code wanted}.
   *
   * @throws MembraneException if fragment-service does not answer at all
   */
  List<Payload> fetch(Prompt prompt, int wanted) {
    List<Payload> payloads = new ArrayList<>(wanted);
    while (payloads.size() < wanted) {
      int from = payloads.size();
      int to = Math.min(wanted, from + KEYS_PER_CALL);
      read(prompt, served.model().layout().slice(), from, to, payloads);
      if (payloads.size() < to) {
        break;
      }
    }
    return payloads;
  }

  /** One slice of one block; null if it is not usable. */
  @Nullable Payload fetch(Prompt prompt, Slice slice, int block) {
    List<Payload> payloads = new ArrayList<>(1);
    read(prompt, slice, block, block + 1, payloads);
    return payloads.isEmpty() ? null : payloads.getFirst();
  }

  private void read(Prompt prompt, Slice slice, int from, int to, List<Payload> payloads) {
    List<FragmentKey> keys =
        prompt.chain().subList(from, to).stream().map(h -> new FragmentKey(h, slice)).toList();
    InputStream answer = fragments.batchGet(new FragmentClient.Keys(keys));
    int block = from;
    try (InputStream body = answer) {
      FrameReader frames = new FrameReader(body, served.bytes(slice), keys.size());
      for (; block < to; block++) {
        Payload payload = usable(frames.next(), keys.get(block - from), prompt, block);
        if (payload == null) {
          return;
        }
        payloads.add(payload);
      }
    } catch (IOException | MembraneException e) {
      CallContext.checkCaller("the fetch of its prefix");
      log.warn("fragments from block {} on broke off and are computed instead", block, e);
    }
  }

  private @Nullable Payload usable(
      @Nullable Frame frame, FragmentKey key, Prompt prompt, int block) {
    if (frame == null || !frame.header().key().equals(key)) {
      log.warn("fragment-service answered out of order for {}; it is computed instead", key);
      return null;
    }
    if (frame.status() != 200) {
      log.debug("{} is missing: status {}", key, frame.status());
      return null;
    }
    Payload payload = prompt.payload(block, key.slice(), frame.body());
    long bytes = served.bytes(key.slice());
    FragmentMeta meta = frame.header().meta();
    String fault = null;
    if (frame.body().length != bytes) {
      fault = "%d bytes instead of %d".formatted(frame.body().length, bytes);
    } else if (!payload.digest().equals(frame.header().digest())) {
      fault = "bytes of another digest";
    } else if (meta == null
        || !served.signature(key.slice(), payload.span()).equals(meta.signature())) {
      fault = "another signature: " + (meta == null ? null : meta.signature());
    }
    if (fault != null) {
      log.warn("{} has {}; it is computed instead", key, fault);
      return null;
    }
    return payload;
  }
}
