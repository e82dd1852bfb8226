package io.membrane.gateway.routing;

import io.github.resilience4j.retry.Retry;
import io.membrane.rpc.ClientProperties;
import io.membrane.rpc.Hedging;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceClients;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Supplier;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;

/**
 * The services as the gateway reaches them: a request goes to an instance that is well, on to the
 * next if that surely did not begin with it, and is repeated where that does no harm. Thread-safe.
 */
public final class Backends implements AutoCloseable {

  /** Piece in which bodies go through. */
  static final int BUFFER_BYTES = 64 * 1024;

  private static final double HEDGED_SHARE = 0.05;

  private final Instances instances;
  private final ServiceClients resilience;
  private final Exchanges exchanges;
  private final Traffic traffic;
  private final Hedging hedging;
  private final ScheduledThreadPoolExecutor watchdog;

  /**
   * @param resilience whose breakers, bulkheads and retries are used
   * @param maxSilence for how long a stream of events may say nothing
   */
  public Backends(
      Instances instances,
      ClientProperties properties,
      ServiceClients resilience,
      PeerTls tls,
      CloseableHttpClient http,
      ObservationRegistry observations,
      MeterRegistry meters,
      Duration maxSilence) {
    this.instances = instances;
    this.resilience = resilience;
    this.traffic = new Traffic(meters);
    this.hedging = new Hedging(null, HEDGED_SHARE, GatewayMetric.HEDGES.id(), meters);
    this.watchdog =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("gateway-deadlines").factory());
    watchdog.setRemoveOnCancelPolicy(true);
    this.exchanges =
        new Exchanges(
            resilience,
            tls,
            http,
            observations,
            watchdog,
            properties.defaultDeadline(),
            maxSilence);
    for (Service service : Service.values()) {
      gauge(meters, service, true);
      gauge(meters, service, false);
    }
  }

  private void gauge(MeterRegistry meters, Service service, boolean ready) {
    Gauge.builder(
            GatewayMetric.INSTANCES.id(),
            instances,
            all -> all.of(service).stream().filter(each -> all.isReady(each) == ready).count())
        .tag(GatewayMetric.SERVICE_TAG, service.serviceName())
        .tag(GatewayMetric.STATE_TAG, ready ? "ready" : "unready")
        .register(meters);
  }

  @Override
  public void close() {
    watchdog.shutdownNow();
  }

  Traffic traffic() {
    return traffic;
  }

  /**
   * Sends a request; the answer's body is still to be read.
   *
   * @throws MembraneException if there is no answer
   */
  Answer send(Call call) {
    Retry retry = resilience.retries().retry(call.service().serviceName());
    List<Instance> order = instances.inOrder(call.service(), call.block());
    Delivery delivery = delivery(call, order);
    Supplier<Answer> once =
        call.isHedged() && instances.hasSecondHome(call.block())
            ? () -> hedged(call, order)
            : delivery::send;
    return call.isRepeatable() ? retry.executeSupplier(once) : once.get();
  }

  private Answer hedged(Call call, List<Instance> order) {
    Delivery first = delivery(call, order);
    Delivery second = delivery(call, order.subList(1, order.size()));
    return new HedgedRead(first, second, hedging).send(watchdog);
  }

  private Delivery delivery(Call call, List<Instance> order) {
    return new Delivery(call, exchanges, order, () -> traffic.passedOver(call.service()));
  }
}
