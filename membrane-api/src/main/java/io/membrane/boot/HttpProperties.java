package io.membrane.boot;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Limits of every request.
 *
 * @param maxJson largest JSON body
 * @param defaultDeadline time for a request that names none
 * @param maxDeadline most time that a request may ask for
 * @param drain for how long a service that was told to end says that it is not ready, and still
 *     takes requests in, before it closes its port; at most 1 min
 */
@ConfigurationProperties("membrane.http")
record HttpProperties(
    @DefaultValue("16MB") DataSize maxJson,
    @DefaultValue("60s") Duration defaultDeadline,
    @DefaultValue("15m") Duration maxDeadline,
    @DefaultValue("0s") Duration drain) {

  private static final Duration LONGEST_DRAIN = Duration.ofMinutes(1);

  HttpProperties {
    if (drain.isNegative() || drain.compareTo(LONGEST_DRAIN) > 0) {
      throw new StartupProblem(
          "membrane.http.drain is " + drain + ", not a time of up to a minute",
          "Set membrane.http.drain to 0s, or to longer than callers need to notice, e.g. 3s.");
    }
  }
}
