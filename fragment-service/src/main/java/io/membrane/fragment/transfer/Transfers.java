package io.membrane.fragment.transfer;

import io.membrane.fragment.store.FragmentMetric;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.FragmentPeerClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The transfers of this process: those that run, and the last that ended. When the process ends
 * they do, and what they have stored stays: the same transfer, posted again, to whichever replica,
 * finds what is still missing. Thread-safe.
 */
public final class Transfers implements AutoCloseable {

  private static final int MOST_REMEMBERED = 256;
  private static final Duration CLOSING = Duration.ofSeconds(2);

  private final FragmentStore store;
  private final ServiceClients clients;
  private final TransferSettings settings;
  private final Clock clock;
  private final MeterRegistry meters;

  /** Oldest first; guarded by itself. */
  private final Map<String, Transfer> transfers = new LinkedHashMap<>();

  private final Map<URI, FragmentPeerClient> peers = new ConcurrentHashMap<>();
  private final Map<URI, ByteRate> rates = new ConcurrentHashMap<>();
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("transfers").factory());

  public Transfers(
      FragmentStore store,
      ServiceClients clients,
      TransferSettings settings,
      Clock clock,
      MeterRegistry meters) {
    this.store = store;
    this.clients = clients;
    this.settings = settings;
    this.clock = clock;
    this.meters = meters;
    Progress.register(meters);
    long tickMs = Math.max(1, settings.longestSilence().toMillis() / 4);
    var _ = watch.scheduleWithFixedDelay(this::breakSilence, tickMs, tickMs, TimeUnit.MILLISECONDS);
  }

  /**
   * Begins a transfer.
   *
   * @throws MembraneException {@link ErrorCode#IMPOSSIBLE_REQUEST} if the peer is not configured,
   *     {@link ErrorCode#OVERLOADED} if the tenant has one from there, or enough are running
   */
  public TransferState begin(String tenant, TransferOrder order) {
    URI from =
        settings.peers().stream()
            .filter(peer -> bare(peer).equals(bare(order.from())))
            .findFirst()
            .orElseThrow(() ->
                new MembraneException(
                    ErrorCode.IMPOSSIBLE_REQUEST,
                    "%s is no peer of this service; membrane.fragment.peers lists those it pulls from"
                        .formatted(order.from())));
    String id = UUID.randomUUID().toString();
    Progress progress = new Progress(id, from, clock, meters);
    synchronized (transfers) {
      List<Transfer> running = transfers.values().stream().filter(Transfer::isRunning).toList();
      for (Transfer other : running) {
        if (other.tenant().equals(tenant) && other.state().from().equals(from)) {
          throw new MembraneException(
              ErrorCode.OVERLOADED,
              "transfer %s from there is running; wait for its end, or DELETE it"
                  .formatted(other.state().id()));
        }
      }
      if (running.size() >= settings.mostRunning()) {
        throw new MembraneException(
            ErrorCode.OVERLOADED,
            running.size() + " transfers are running, which is enough; try again later");
      }
      Transfer transfer =
          new Transfer(
              tenant,
              order,
              store,
              settings,
              progress,
              (counted, isCancelled) ->
                  new Link(
                      client(from),
                      limits(from, order),
                      meters.timer(FragmentMetric.TRANSFER_WAIT.meter()),
                      counted,
                      isCancelled));
      forgetOldest();
      transfers.put(id, transfer);
      Thread.ofVirtual().name("transfer").start(transfer);
    }
    return progress.state();
  }

  /** A tenant's transfer, or null. */
  public @Nullable TransferState find(String tenant, String id) {
    Transfer transfer = own(tenant, id);
    return transfer == null ? null : transfer.state();
  }

  /** A tenant's transfers, oldest first. */
  public List<TransferState> list(String tenant) {
    synchronized (transfers) {
      return transfers.values().stream()
          .filter(transfer -> transfer.tenant().equals(tenant))
          .map(Transfer::state)
          .toList();
    }
  }

  /** Ends a tenant's transfer; what it has stored stays. Answers whether there is one. */
  public boolean cancel(String tenant, String id) {
    Transfer transfer = own(tenant, id);
    if (transfer != null) {
      transfer.cancel();
    }
    return transfer != null;
  }

  private @Nullable Transfer own(String tenant, String id) {
    synchronized (transfers) {
      Transfer transfer = transfers.get(id);
      return transfer != null && transfer.tenant().equals(tenant) ? transfer : null;
    }
  }

  private void forgetOldest() {
    List<String> ended = new ArrayList<>();
    transfers.forEach((id, transfer) -> {
      if (!transfer.isRunning()) {
        ended.add(id);
      }
    });
    int most = Math.max(0, ended.size() - MOST_REMEMBERED + 1);
    ended.subList(0, most).forEach(transfers::remove);
  }

  private FragmentPeerClient client(URI from) {
    return peers.computeIfAbsent(
        from, url -> clients.of(FragmentPeerClient.class, "peer " + url.getAuthority(), url));
  }

  private List<ByteRate> limits(URI from, TransferOrder order) {
    List<ByteRate> limits = new ArrayList<>();
    Long link = settings.linkRate();
    if (link != null) {
      limits.add(rates.computeIfAbsent(from, any -> ByteRate.of(link)));
    }
    Long own = order.maxBytesPerSecond();
    if (own != null) {
      limits.add(ByteRate.of(own));
    }
    return limits;
  }

  private void breakSilence() {
    List<Transfer> all;
    synchronized (transfers) {
      all = List.copyOf(transfers.values());
    }
    all.forEach(transfer -> transfer.breakSilence(settings.longestSilence()));
  }

  private static String bare(URI url) {
    return url.toString().replaceAll("/+$", "");
  }

  /** Ends those that run, and waits for that for two seconds at most. */
  @Override
  public void close() {
    watch.shutdownNow();
    List<Transfer> running;
    synchronized (transfers) {
      running = transfers.values().stream().filter(Transfer::isRunning).toList();
    }
    running.forEach(Transfer::cancel);
    long end = System.nanoTime() + CLOSING.toNanos();
    try {
      for (Transfer transfer : running) {
        transfer.awaitEnd(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
