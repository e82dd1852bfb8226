package io.membrane.worker.publish;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.Shifted.ShiftedBlock;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches blocks that are to be reused at other places. Only bytes that have the right size, the
 * digest that their frame claims, and this model's signature at the named position are handed on.
 */
final class SourceFetch {

  private static final Logger log = LoggerFactory.getLogger(SourceFetch.class);

  private static final int KEYS_PER_CALL = 512;

  /**
   * A block.
   *
   * @param payload null if it cannot be used
   * @param fault why not; null if it can
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Fetched(byte @Nullable [] payload, @Nullable String fault) {}

  private final FragmentClient fragments;
  private final ServedModel served;

  SourceFetch(FragmentClient fragments, ServedModel served) {
    this.fragments = fragments;
    this.served = served;
  }

  /** One for each block, in order; what does not come while there is time is faulty. */
  List<Fetched> fetch(List<ShiftedBlock> blocks) {
    List<Fetched> fetched = new ArrayList<>(blocks.size());
    while (fetched.size() < blocks.size()) {
      int from = fetched.size();
      List<ShiftedBlock> some = blocks.subList(from, Math.min(blocks.size(), from + KEYS_PER_CALL));
      read(some, fetched);
      while (fetched.size() < from + some.size()) {
        fetched.add(new Fetched(null, "fragment-service broke off before it"));
      }
    }
    return fetched;
  }

  private void read(List<ShiftedBlock> blocks, List<Fetched> fetched) {
    Slice slice = served.model().layout().slice();
    List<FragmentKey> keys =
        blocks.stream().map(b -> new FragmentKey(b.sourceBlockHash(), slice)).toList();
    try (InputStream body =
        Patience.call(() -> fragments.batchGet(new FragmentClient.Keys(keys)))) {
      FrameReader frames = new FrameReader(body, served.bytes(slice), keys.size());
      for (int i = 0; i < keys.size(); i++) {
        Frame frame = frames.next();
        if (frame == null || !frame.header().key().equals(keys.get(i))) {
          throw new IOException("no answer for " + keys.get(i));
        }
        String fault = fault(frame, blocks.get(i).sourceFrom());
        fetched.add(new Fetched(fault == null ? frame.body() : null, fault));
      }
    } catch (IOException | MembraneException e) {
      CallContext.checkCaller("the fetch of shifted blocks");
      log.warn("shifted blocks from the {}th on broke off and are computed", fetched.size(), e);
    }
  }

  private @Nullable String fault(Frame frame, int from) {
    if (frame.status() != 200) {
      return "it is not stored: status " + frame.status();
    }
    long bytes = served.bytes(served.model().layout().slice());
    if (frame.body().length != bytes) {
      return "it has %d bytes, a block of this model %d".formatted(frame.body().length, bytes);
    }
    if (!ContentDigest.of(frame.body()).equals(frame.header().digest())) {
      return "its bytes have another digest";
    }
    TokenSpan span = new TokenSpan(from, from + served.namespace().blockTokens());
    FragmentMeta meta = frame.header().meta();
    return meta != null && served.signature(span).equals(meta.signature())
        ? null
        : "its signature is not that of this model at tokens " + span;
  }
}
