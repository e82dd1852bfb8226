package io.membrane.scheduler;

import io.membrane.boot.StartupProblem;
import io.membrane.scheduler.routing.LengthRule;
import io.membrane.wire.SchedulerClient.Regime;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How prompts are routed.
 *
 * @param thresholdTokens t of {@code scheduling.md}: a prompt with more uncached tokens goes to the
 *     prefill cluster. The default is the best t found for the paper's case study (four H200
 *     instances behind 100 Gbps, eight local H20 instances); other hardware has another
 * @param regime whether a cached prefix may cross clusters
 */
@ConfigurationProperties("membrane.scheduler")
record SchedulerProperties(
    @DefaultValue("19344") int thresholdTokens, @DefaultValue("scarce") Regime regime) {

  /** The rule that this configuration asks for. */
  LengthRule rule() {
    if (thresholdTokens < 0) {
      throw new StartupProblem(
          "membrane.scheduler.threshold-tokens is " + thresholdTokens + ", a negative length",
          "Write the number of uncached tokens up to which a prompt is prefilled locally, 0 or"
              + " more, for example 19344.");
    }
    return new LengthRule(thresholdTokens, regime);
  }
}
