package io.membrane.fragment.transfer;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches fragments and stores them, one at a time: frames of a batch, as they come. When one
 * breaks off, what has come of it stays, and the rest is asked for in ranges, from there; after it
 * a new batch goes on with the next. So what is held is one fragment, whatever is transferred.
 *
 * <p>For one thread.
 */
final class Pull {

  private static final Logger log = LoggerFactory.getLogger(Pull.class);
  private static final int WINDOW_KEYS = 64;
  private static final long CHUNK_BYTES = 4 << 20;

  /** How often the same fragment may come with other bytes than its digest says. */
  private static final int MOST_CORRUPT = 5;

  private final FragmentStore store;
  private final String tenant;
  private final Link link;
  private final Patience patience;
  private final Progress progress;
  private final long maxBytes;

  private final Deque<FragmentKey> left = new ArrayDeque<>();
  private @Nullable Partial partial;
  private int corrupt;

  Pull(
      FragmentStore store,
      String tenant,
      Link link,
      Patience patience,
      Progress progress,
      long maxBytes) {
    this.store = store;
    this.tenant = tenant;
    this.link = link;
    this.patience = patience;
    this.progress = progress;
    this.maxBytes = maxBytes;
  }

  /** The first of those that are left, as far as it has come. */
  private record Partial(Frame.Header header, long bytes, Claim claim) {}

  /** A frame's body that is still to be read. */
  private record Body(InputStream in, long bytes) {}

  /**
   * Pulls all of them.
   *
   * @throws MembraneException if it makes no sense to go on; what was stored stays
   */
  void all(Collection<FragmentKey> keys) throws InterruptedException {
    left.addAll(keys);
    try {
      while (!left.isEmpty()) {
        patience.until(this::next);
      }
    } finally {
      drop();
    }
  }

  private void next() throws BrokenOffException, InterruptedException {
    Partial begun = partial;
    if (begun == null) {
      window();
    } else {
      resume(begun);
    }
  }

  private void window() throws BrokenOffException, InterruptedException {
    List<FragmentKey> keys = left.stream().limit(WINDOW_KEYS).toList();
    try (InputStream in = link.batchGet(keys)) {
      FrameReader frames = new FrameReader(in, Long.MAX_VALUE, keys.size());
      for (FragmentKey key : keys) {
        FrameReader.Read<Body> frame = header(frames);
        if (!frame.header().key().equals(key)) {
          throw new BrokenOffException("the answer has " + frame.header().key(), null);
        }
        if (!frame(frame, key)) {
          return;
        }
      }
      end(frames);
    } catch (IOException e) {
      throw new BrokenOffException("the connection broke off: " + e.getMessage(), e);
    }
  }

  /** Reads to the end, so that the connection serves again; nothing depends on it. */
  private void end(FrameReader frames) throws BrokenOffException {
    try {
      link.listen(() -> frames.next(Body::new));
    } catch (MembraneException e) {
      log.debug("the end frame is missing: {}", e.detail());
    }
  }

  private FrameReader.Read<Body> header(FrameReader frames) throws BrokenOffException {
    try {
      FrameReader.Read<Body> frame = link.listen(() -> frames.next(Body::new));
      if (frame == null) {
        throw new BrokenOffException("the answer has fewer frames than were asked for", null);
      }
      return frame;
    } catch (MembraneException e) {
      throw new BrokenOffException(e.detail(), e);
    }
  }

  /** Takes a frame; answers whether another can be read behind it. */
  private boolean frame(FrameReader.Read<Body> frame, FragmentKey key)
      throws BrokenOffException, InterruptedException {
    Frame.Header header = frame.header();
    Body body = frame.body();
    if (header.problem() != null || body.bytes() == 0) {
      refused(key, header.problem());
      return true;
    }
    if (body.bytes() > maxBytes) {
      failed(key, "it has " + body.bytes() + " bytes; membrane.fragment.max-bytes is " + maxBytes);
      return false;
    }
    Partial begun = new Partial(header, body.bytes(), claim(body.bytes()));
    partial = begun;
    link.receive(body.in(), begun.claim(), begun.bytes());
    finish(begun);
    return true;
  }

  private void refused(FragmentKey key, @Nullable Problem problem) throws BrokenOffException {
    if (problem == null) {
      failed(key, "the peer sent no bytes");
    } else if (problem.status() == ErrorCode.FRAGMENT_NOT_FOUND.status()) {
      progress.ended(Progress.Outcome.GONE);
      stepped();
    } else if (problem.retriable() || problem.status() == ErrorCode.INTERNAL.status()) {
      throw new BrokenOffException("the peer says: " + problem.detail(), null);
    } else {
      failed(key, "the peer says: " + problem.detail());
    }
  }

  private void resume(Partial begun) throws BrokenOffException, InterruptedException {
    FragmentKey key = begun.header().key();
    long from = begun.claim().written();
    while (from < begun.bytes()) {
      long to = Math.min(begun.bytes(), from + CHUNK_BYTES);
      try (InputStream in = link.part(key, from, to)) {
        link.receive(in, begun.claim(), to);
      } catch (IOException e) {
        throw new BrokenOffException("the connection broke off: " + e.getMessage(), e);
      } catch (MembraneException e) {
        drop();
        if (e.code() != ErrorCode.FRAGMENT_NOT_FOUND) {
          throw new BrokenOffException("the peer says: " + e.detail(), e);
        }
        progress.ended(Progress.Outcome.GONE);
        stepped();
        return;
      }
      from = begun.claim().written();
    }
    finish(begun);
  }

  /** All of it has come. */
  private void finish(Partial begun) throws BrokenOffException, InterruptedException {
    partial = null;
    FragmentKey key = begun.header().key();
    FragmentMeta meta = begun.header().meta();
    ContentDigest digest = begun.header().digest();
    try (Payload body = begun.claim().commit()) {
      if (meta == null || digest == null) {
        failed(key, "the peer sent no metadata");
      } else if (!body.digest().equals(digest)) {
        damaged(key);
      } else {
        patience.until(() -> put(key, meta, digest, body));
      }
    }
  }

  private void damaged(FragmentKey key) throws BrokenOffException {
    corrupt++;
    if (corrupt < MOST_CORRUPT) {
      throw new BrokenOffException("the bytes of " + key + " do not have their digest", null);
    }
    failed(key, "its bytes did not have their digest, " + MOST_CORRUPT + " times");
  }

  private void put(FragmentKey key, FragmentMeta meta, ContentDigest digest, Payload body)
      throws BrokenOffException {
    try {
      boolean isNew = store.put(tenant, key, meta, digest, body).isNew();
      progress.ended(isNew ? Progress.Outcome.STORED : Progress.Outcome.SAME);
      stepped();
    } catch (MembraneException e) {
      switch (e.code()) {
        case FRAGMENT_CONFLICT -> {
          progress.ended(Progress.Outcome.CONFLICT);
          stepped();
        }
        case IMPOSSIBLE_REQUEST, TOO_LARGE -> failed(key, e.detail());
        case DEPENDENCY_UNAVAILABLE, DEADLINE_EXCEEDED, OVERLOADED ->
            throw new BrokenOffException("the store here: " + e.detail(), e);
        default -> throw e;
      }
    }
  }

  private Claim claim(long bytes) throws BrokenOffException {
    try {
      return store.claim(bytes);
    } catch (MembraneException e) {
      throw new BrokenOffException("no memory here: " + e.detail(), e);
    }
  }

  private void failed(FragmentKey key, String why) {
    progress.failed(key.toString(), why);
    stepped();
  }

  private void stepped() {
    left.removeFirst();
    corrupt = 0;
  }

  private void drop() {
    Partial begun = partial;
    if (begun != null) {
      begun.claim().close();
      partial = null;
    }
  }
}
