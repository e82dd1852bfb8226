package io.membrane.gateway.routing;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * The gateway's own metrics; their names are an API. Those of an exchange are tagged with {@code
 * service}.
 */
public enum GatewayMetric {
  /** Timer: a request until the headers of its answer. */
  EXCHANGE("membrane.gateway.exchange"),
  /** Counter: body bytes passed on to the service. */
  REQUEST_BYTES("membrane.gateway.request.bytes"),
  /** Counter: body bytes passed back to the caller. */
  ANSWER_BYTES("membrane.gateway.answer.bytes"),
  /** Counter: instances that did not begin with a request, which went on to another. */
  PASSED_OVER("membrane.gateway.passed.over"),
  /** Counter: second requests of hedged reads, by {@code outcome}. */
  HEDGES("membrane.gateway.hedges"),
  /** Gauge: instances that are known, by {@code state}: {@code ready} or {@code unready}. */
  INSTANCES("membrane.gateway.instances"),
  /** Counter: answers that the service broke off. */
  BROKEN_ANSWERS("membrane.gateway.broken.answers"),
  /**
   * Counter: requests that the gateway itself turned away, by {@code reason} and {@code tenant}.
   */
  REFUSED("membrane.gateway.refused"),
  /** Gauge: 1 where everybody may do everything. */
  ANONYMOUS("membrane.gateway.anonymous");

  static final String SERVICE_TAG = "service";
  static final String STATE_TAG = "state";

  private final String id;

  GatewayMetric(String id) {
    this.id = id;
  }

  /** Name as Micrometer knows it. */
  public String id() {
    return id;
  }

  Counter counter(MeterRegistry meters, Service service) {
    return counter(meters, SERVICE_TAG, service.serviceName());
  }

  /** The counter with these tags, keys and values in turn. */
  public Counter counter(MeterRegistry meters, String... tags) {
    return Counter.builder(id).tags(tags).register(meters);
  }
}
