package io.membrane.gateway.routing;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** The gateway's own metrics, each tagged with {@code service}; their names are an API. */
public enum GatewayMetric {
  /** Timer: a request until the headers of its answer. */
  EXCHANGE("membrane.gateway.exchange"),
  /** Counter: body bytes passed on to the service. */
  REQUEST_BYTES("membrane.gateway.request.bytes"),
  /** Counter: body bytes passed back to the caller. */
  ANSWER_BYTES("membrane.gateway.answer.bytes"),
  /** Counter: answers that the service broke off. */
  BROKEN_ANSWERS("membrane.gateway.broken.answers");

  static final String SERVICE_TAG = "service";

  private final String id;

  GatewayMetric(String id) {
    this.id = id;
  }

  /** Name as Micrometer knows it. */
  public String id() {
    return id;
  }

  Counter counter(MeterRegistry meters, Service service) {
    return Counter.builder(id).tag(SERVICE_TAG, service.serviceName()).register(meters);
  }
}
