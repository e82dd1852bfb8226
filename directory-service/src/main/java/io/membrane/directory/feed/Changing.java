package io.membrane.directory.feed;

import io.membrane.directory.location.Image;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * What others want done to the image by its one writer, {@link LogTail}'s thread: it does what
 * waits here between two pages of the log, and while it waits for one. Whoever asks waits until it
 * is done, so a source that is faster than the writer is held up by it.
 */
final class Changing {

  private static final int CAPACITY = 64;

  private final BlockingQueue<Runnable> wanted = new ArrayBlockingQueue<>(CAPACITY);
  private volatile boolean isOver;

  /**
   * Has something done to the image, and waits for it.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if the writer has ended
   * @throws InterruptedException it may be done yet
   */
  <T> T ask(Image image, Function<Image, T> change) throws InterruptedException {
    CompletableFuture<T> done = new CompletableFuture<>();
    Runnable task =
        () -> {
          try {
            done.complete(change.apply(image));
          } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
          }
        };
    while (!wanted.offer(task, 100, TimeUnit.MILLISECONDS)) {
      checkGoesOn();
    }
    while (true) {
      try {
        return done.get(100, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        checkGoesOn();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  private void checkGoesOn() {
    if (isOver) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, "the directory's image is not kept any more");
    }
  }

  /** The writer begins. */
  void begin() {
    isOver = false;
  }

  /** The writer has ended; nobody waits for it any more. */
  void end() {
    isOver = true;
  }

  /** Does what waits. Writer only. */
  void doAll() {
    for (Runnable next = wanted.poll(); next != null; next = wanted.poll()) {
      next.run();
    }
  }

  /**
   * Does what is wanted until {@code waiting} has ended, which runs on a thread of its own. Writer
   * only.
   *
   * @throws RuntimeException as {@code waiting} does
   * @throws InterruptedException {@code waiting} goes on then
   */
  void doAllDuring(Runnable waiting) throws InterruptedException {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try {
        waiting.run();
        ended.complete(null);
      } catch (RuntimeException e) {
        ended.completeExceptionally(e);
      }
      // Wakes the writer; where the queue is full it is awake.
      var _ = wanted.offer(() -> {});
    });
    while (!ended.isDone()) {
      Runnable next = wanted.poll(1, TimeUnit.SECONDS);
      if (next != null) {
        next.run();
      }
    }
    try {
      ended.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
