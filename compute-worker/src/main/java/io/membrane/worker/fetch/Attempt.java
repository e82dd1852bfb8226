package io.membrane.worker.fetch;

import io.membrane.block.FragmentKey;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One batch-get on a thread of its own, which {@link #cancel} ends whatever it waits for. */
final class Attempt {

  private static final Logger log = LoggerFactory.getLogger(Attempt.class);

  /** Who hears of it, on the attempt's thread. */
  interface Listener {

    /** A frame has arrived for the key at {@code position}. */
    void arrived(Attempt attempt, int position, Frame frame);

    /** Nothing more comes. */
    void ended(Attempt attempt);
  }

  private final FragmentClient fragments;
  private final List<FragmentKey> keys;
  private final long maxBytes;
  private final Listener listener;
  private volatile @Nullable Thread thread;
  private volatile @Nullable InputStream body;
  private volatile boolean cancelled;
  private long lastNanos = System.nanoTime();
  private long silenceNanos;

  Attempt(FragmentClient fragments, List<FragmentKey> keys, long maxBytes, Listener listener) {
    this.fragments = fragments;
    this.keys = keys;
    this.maxBytes = maxBytes;
    this.listener = listener;
  }

  /** Begins, in the caller's context. */
  void start() {
    thread = FetchThread.start("fetch", this::run);
  }

  private void run() {
    try (InputStream answer = fragments.batchGet(new FragmentClient.Keys(keys))) {
      body = answer;
      if (!cancelled) {
        read(answer);
      }
    } catch (IOException | UncheckedIOException | MembraneException e) {
      if (!cancelled) {
        log.warn("fragments broke off: {}", e.getMessage());
        log.debug("fragments broke off", e);
      }
    } finally {
      heard();
      listener.ended(this);
    }
  }

  private void read(InputStream answer) throws IOException {
    FrameReader frames = new FrameReader(answer, maxBytes, keys.size());
    for (int position = 0; position < keys.size(); position++) {
      Frame frame = frames.next();
      if (frame == null || !frame.header().key().equals(keys.get(position))) {
        throw new IOException("the answer for " + keys.get(position) + " is out of order");
      }
      heard();
      listener.arrived(this, position, frame);
    }
  }

  private void heard() {
    long now = System.nanoTime();
    silenceNanos = Math.max(silenceNanos, now - lastNanos);
    lastNanos = now;
  }

  /** The longest time without a frame; to be asked once it has ended. */
  long silenceNanos() {
    return silenceNanos;
  }

  /** Ends it; what comes in the meantime is still told. */
  void cancel() {
    cancelled = true;
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
    InputStream open = body;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        log.debug("an answer that nobody reads any more does not close", e);
      }
    }
  }
}
