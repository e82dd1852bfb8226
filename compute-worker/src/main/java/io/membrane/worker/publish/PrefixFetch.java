package io.membrane.worker.publish;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.Frame;
import io.membrane.rpc.Hedging;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.worker.batch.ShuttingDown;
import io.membrane.worker.fetch.FetchOptions;
import io.membrane.worker.fetch.FrameCheck.Verdict;
import io.membrane.worker.fetch.PrefixStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches slices of a prompt's blocks. Only bytes that have the right size, the digest that their
 * frame claims, and this model's signature are handed on.
 */
final class PrefixFetch {

  private static final Logger log = LoggerFactory.getLogger(PrefixFetch.class);

  private final FragmentClient fragments;
  private final ServedModel served;
  private final long windowBytes;
  private final Hedging hedging;

  PrefixFetch(FragmentClient fragments, ServedModel served, long windowBytes, Hedging hedging) {
    this.fragments = fragments;
    this.served = served;
    this.windowBytes = windowBytes;
    this.hedging = hedging;
  }

  /** Begins to fetch the KV of the first {@code wanted} blocks, in the caller's context. */
  PrefixStream open(Prompt prompt, int wanted, Runnable news) {
    return open(prompt, served.model().layout().slice(), 0, wanted, news);
  }

  private PrefixStream open(Prompt prompt, Slice slice, int from, int to, Runnable news) {
    List<FragmentKey> keys =
        prompt.chain().subList(from, to).stream().map(h -> new FragmentKey(h, slice)).toList();
    return PrefixStream.open(
        fragments,
        keys,
        (index, frame) -> verdict(prompt, from + index, frame),
        new FetchOptions(windowBytes, served.bytes(slice)),
        hedging,
        news);
  }

  /**
   * The usable blocks from the first on, at most {@code wanted}, once none is on its way.
   *
   * @throws MembraneException if the caller is interrupted
   */
  List<Payload> fetch(Prompt prompt, int wanted) {
    return fetch(prompt, served.model().layout().slice(), 0, wanted);
  }

  /** One slice of one block, as {@link #fetch(Prompt, int)}; null if it is not usable. */
  @Nullable Payload fetch(Prompt prompt, Slice slice, int block) {
    List<Payload> payloads = fetch(prompt, slice, block, block + 1);
    return payloads.isEmpty() ? null : payloads.getFirst();
  }

  private List<Payload> fetch(Prompt prompt, Slice slice, int from, int to) {
    Map<Integer, byte[]> bytes = new HashMap<>();
    Semaphore news = new Semaphore(0);
    try (PrefixStream stream = open(prompt, slice, from, to, news::release)) {
      boolean done = false;
      while (!done) {
        done = stream.isDone();
        stream.take().forEach(block -> bytes.put(block.index(), block.bytes()));
        if (!done) {
          news.acquire();
        }
      }
    } catch (InterruptedException e) {
      throw ShuttingDown.interrupted(e);
    }
    CallContext.checkCaller("the fetch of its prefix");
    List<Payload> leading = new ArrayList<>();
    for (byte[] next = bytes.get(0); next != null; next = bytes.get(leading.size())) {
      leading.add(prompt.payload(from + leading.size(), slice, next));
    }
    return leading;
  }

  private Verdict verdict(Prompt prompt, int block, Frame frame) {
    FragmentKey key = frame.header().key();
    if (frame.status() != 200) {
      log.debug("{} is missing: status {}", key, frame.status());
      return Verdict.MISSING;
    }
    FragmentMeta meta = frame.header().meta();
    long bytes = served.bytes(key.slice());
    if (frame.body().length != bytes) {
      return refused(key, "%d bytes instead of %d".formatted(frame.body().length, bytes));
    }
    if (meta == null
        || !served.signature(key.slice(), prompt.span(block)).equals(meta.signature())) {
      return refused(key, "another signature: " + (meta == null ? null : meta.signature()));
    }
    if (!ContentDigest.of(frame.body()).equals(frame.header().digest())) {
      log.warn("{} has bytes of another digest", key);
      return Verdict.DAMAGED;
    }
    return Verdict.USABLE;
  }

  private static Verdict refused(FragmentKey key, String fault) {
    log.warn("{} has {}; it is computed instead", key, fault);
    return Verdict.MISSING;
  }
}
