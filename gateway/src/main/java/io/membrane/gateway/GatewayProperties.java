package io.membrane.gateway;

import io.membrane.boot.StartupProblem;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The gateway's own settings.
 *
 * @param maxSilence for how long a service's stream of events may say nothing before it is taken
 *     for broken; the deadline of a call only counts until such a stream begins
 */
@ConfigurationProperties("membrane.gateway")
record GatewayProperties(@DefaultValue("60s") Duration maxSilence) {

  GatewayProperties checked() {
    if (!maxSilence.isPositive()) {
      throw new StartupProblem(
          "membrane.gateway.max-silence is " + maxSilence + ", not a time above 0",
          "Write how long a stream of events may be silent, for example 60s.");
    }
    return this;
  }
}
