package io.membrane.gateway.routing;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongConsumer;

/** Counts what goes through. */
final class Traffic {

  private final Map<Service, Counter> requestBytes = new EnumMap<>(Service.class);
  private final Map<Service, Counter> answerBytes = new EnumMap<>(Service.class);
  private final Map<Service, Counter> brokenAnswers = new EnumMap<>(Service.class);
  private final Map<Service, Counter> passedOver = new EnumMap<>(Service.class);

  Traffic(MeterRegistry meters) {
    for (Service service : Service.values()) {
      requestBytes.put(service, GatewayMetric.REQUEST_BYTES.counter(meters, service));
      answerBytes.put(service, GatewayMetric.ANSWER_BYTES.counter(meters, service));
      brokenAnswers.put(service, GatewayMetric.BROKEN_ANSWERS.counter(meters, service));
      passedOver.put(service, GatewayMetric.PASSED_OVER.counter(meters, service));
    }
  }

  LongConsumer requestBytes(Service service) {
    return Objects.requireNonNull(requestBytes.get(service))::increment;
  }

  LongConsumer answerBytes(Service service) {
    return Objects.requireNonNull(answerBytes.get(service))::increment;
  }

  void passedOver(Service service) {
    Objects.requireNonNull(passedOver.get(service)).increment();
  }

  void brokenAnswer(Service service) {
    Objects.requireNonNull(brokenAnswers.get(service)).increment();
  }
}
