package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.inventory.Inventory;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The inventory of one domain while it is made, and after. Written under one lock. */
final class InventoryImage {

  private final String domain;
  private final Inventory inventory = new Inventory();

  /** Holds null if the image was lost before it was whole. */
  private final CompletableFuture<@Nullable Inventory> whole = new CompletableFuture<>();

  private volatile long askedMs;

  InventoryImage(String domain, long nowMs) {
    this.domain = domain;
    this.askedMs = nowMs;
  }

  String domain() {
    return domain;
  }

  Inventory inventory() {
    return inventory;
  }

  void asked(long nowMs) {
    askedMs = nowMs;
  }

  boolean isIdleSince(long beforeMs) {
    return askedMs < beforeMs && whole.isDone();
  }

  /**
   * Notes which bytes a key has.
   *
   * @param digest null for none
   * @return by how many there are more keys than before
   */
  int set(FragmentKey key, @Nullable ContentDigest digest) {
    ContentDigest before = inventory.find(key);
    if (digest != null) {
      inventory.add(key, digest);
      return before == null ? 1 : 0;
    }
    return before != null && inventory.remove(key, before) ? -1 : 0;
  }

  void complete() {
    whole.complete(inventory);
  }

  void end(@Nullable MembraneException reason) {
    if (reason == null) {
      whole.complete(null);
    } else {
      whole.completeExceptionally(reason);
    }
  }

  /** The inventory when it is whole; null if it was lost before. */
  @Nullable Inventory await(Duration longest) {
    try {
      Duration left = CallContext.currentOr(longest).within(longest).remaining();
      return whole.get(left.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          "the inventory is still being made; ask again in a moment, or allow more time",
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof MembraneException ours) {
        throw new MembraneException(ours.code(), ours.detail(), ours);
      }
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MembraneException(ErrorCode.OVERLOADED, "the service is stopping; ask another", e);
    }
  }
}
