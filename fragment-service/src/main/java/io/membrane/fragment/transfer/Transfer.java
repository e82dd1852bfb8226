package io.membrane.fragment.transfer;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.inventory.Difference;
import io.membrane.fragment.inventory.Reconciliation;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.Name;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One transfer: compares, and pulls what each answer shows to be missing before it asks on, so that
 * no more than an answer's keys (14,000) are held. Runs once; {@link #cancel} and {@link #state}
 * are for any thread.
 */
final class Transfer implements Runnable {

  private static final Logger log = LoggerFactory.getLogger(Transfer.class);
  private static final int ANSWER_BYTES = 1 << 20;
  private static final int MOST_QUESTIONS = 1_000_000;
  private static final Duration LONGEST_LOOK = Duration.ofMinutes(2);

  private final String tenant;
  private final TransferOrder order;
  private final FragmentStore store;
  private final Progress progress;
  private final Link link;
  private final Patience patience;
  private final Pull pull;
  private final List<FragmentKey> found = new ArrayList<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean cancelled;
  private volatile @Nullable Thread thread;

  /** Makes the way to the peer, for a transfer that may be cancelled. */
  interface Links {
    Link link(Progress progress, BooleanSupplier isCancelled);
  }

  Transfer(
      String tenant,
      TransferOrder order,
      FragmentStore store,
      TransferSettings settings,
      Progress progress,
      Links links) {
    this.tenant = tenant;
    this.order = order;
    this.store = store;
    this.progress = progress;
    this.link = links.link(progress, this::isCancelled);
    this.patience = new Patience(tenant, settings, progress, this::isCancelled);
    this.pull = new Pull(store, tenant, link, patience, progress, settings.maxFragmentBytes());
  }

  String tenant() {
    return tenant;
  }

  TransferOrder order() {
    return order;
  }

  TransferState state() {
    return progress.state();
  }

  boolean isRunning() {
    return state().state() == TransferState.Phase.RUNNING;
  }

  private boolean isCancelled() {
    return cancelled;
  }

  /** Ends it soon; what was stored stays. */
  void cancel() {
    cancelled = true;
    interrupt();
  }

  /** Waits for its end, not for longer than this. */
  void awaitEnd(Duration longest) throws InterruptedException {
    var _ = ended.await(longest.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Gives a connection up that has been silent for too long; it is tried again. */
  void breakSilence(Duration longest) {
    if (link.silentFor() > longest.toNanos()) {
      interrupt();
    }
  }

  private void interrupt() {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }

  @Override
  public void run() {
    thread = Thread.currentThread();
    try {
      List<FragmentKey> keys = order.keys();
      if (keys == null) {
        compare();
      } else {
        patience.until(() -> found.addAll(missing(keys)));
        pullFound();
      }
      progress.end(TransferState.Phase.DONE, null);
    } catch (InterruptedException e) {
      progress.end(TransferState.Phase.CANCELLED, "it was cancelled");
    } catch (MembraneException e) {
      progress.end(TransferState.Phase.FAILED, e.detail());
    } catch (RuntimeException e) {
      log.error("a transfer ended", e);
      progress.end(
          TransferState.Phase.FAILED, "an error that should not happen; the log tells of it");
    } finally {
      thread = null;
      ended.countDown();
    }
    log.info("transfer ended: {}", state());
  }

  private List<FragmentKey> missing(List<FragmentKey> keys) throws BrokenOffException {
    List<FragmentKey> distinct = List.copyOf(new LinkedHashSet<>(keys));
    List<Name> names = store.names(tenant, distinct);
    try {
      List<Boolean> present = store.exists(names);
      List<FragmentKey> missing = new ArrayList<>();
      for (int i = 0; i < distinct.size(); i++) {
        if (!present.get(i)) {
          missing.add(distinct.get(i));
        }
      }
      return missing;
    } catch (MembraneException e) {
      throw new BrokenOffException("the store here: " + e.detail(), e);
    }
  }

  private void compare() throws InterruptedException {
    Reconciliation[] begun = new Reconciliation[1];
    patience.until(() -> begun[0] = reconciliation());
    Reconciliation reconciliation = begun[0];
    Optional<byte[]> question = reconciliation.question();
    while (question.isPresent()) {
      byte[] asked = question.get();
      patience.until(() -> answer(reconciliation, asked));
      pullFound();
      question = reconciliation.question();
    }
  }

  private Reconciliation reconciliation() throws BrokenOffException {
    try {
      return CallContext.of(tenant, LONGEST_LOOK)
          .call(() ->
              new Reconciliation(
                  store.inventories().of(store.tenants().domain(tenant)),
                  ANSWER_BYTES,
                  MOST_QUESTIONS,
                  new SecureRandom(),
                  this::tell));
    } catch (MembraneException e) {
      if (Link.mayPass(e.code())) {
        throw new BrokenOffException("the inventory here: " + e.detail(), e);
      }
      throw e;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("an inventory throws nothing checked", e);
    }
  }

  private void answer(Reconciliation reconciliation, byte[] question)
      throws BrokenOffException, InterruptedException {
    byte[] answer = link.ask(question);
    try {
      reconciliation.answer(answer);
    } catch (IllegalArgumentException e) {
      throw new BrokenOffException("the peer's answer cannot be read: " + e.getMessage(), e);
    }
  }

  private void tell(Difference difference) {
    if (difference.there() == null) {
      return;
    }
    if (difference.here() == null) {
      found.add(difference.key());
    } else {
      progress.conflict();
    }
  }

  private void pullFound() throws InterruptedException {
    List<FragmentKey> keys = List.copyOf(found);
    found.clear();
    progress.missing(keys.size());
    pull.all(keys);
  }
}
