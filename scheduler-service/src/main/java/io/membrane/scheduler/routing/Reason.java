package io.membrane.scheduler.routing;

import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Transfer;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A decision in a sentence for people. Every answer carries one, so no format is parsed. */
final class Reason {

  private static final double MS = 1e3;

  private final StringBuilder text = new StringBuilder(256);

  private Reason() {}

  static String of(Decision d) {
    Reason reason = new Reason();
    reason.tell(d, d.grounds());
    return reason.text.toString();
  }

  private void tell(Decision d, Grounds g) {
    for (ClusterCondition c : g.leftOut()) {
      quote(c.cluster()).append(" is ").append(lower(c.availability()));
      if (!c.availabilityReason().isEmpty()) {
        text.append(" (").append(c.availabilityReason()).append(')');
      }
      text.append("; ");
    }
    if (g.missing().isEmpty()) {
      length(d, g);
    } else {
      text.append(g.missing());
    }
    costs(g);
    busy(d, g);
    deadline(d, g);
    text.append("; ");
    quote(d.target()).append(" computes ").append(d.incrementalTokens());
    @Nullable String node = d.node();
    if (node != null) {
      text.append(" on ");
      quote(node);
    }
    @Nullable Transfer moved = d.transfer();
    if (moved != null) {
      text.append(", after moving ").append(moved.tokens()).append(" cached tokens from ");
      quote(moved.from());
    }
  }

  private void length(Decision d, Grounds g) {
    int uncached = d.uncachedTokens();
    text.append(lower(d.regime())).append(" bandwidth: ").append(g.totalTokens());
    text.append(" tokens less ");
    if (d.regime() == Regime.ABUNDANT) {
      text.append("the longest cache, ").append(g.cachedTokens()).append(" at ");
      quote(g.holder()).append(", leave ");
    } else {
      text.append(g.cachedTokens()).append(" cached at ");
      quote(g.holder()).append(" leave ");
    }
    text.append(uncached);
    text.append(uncached <= d.effectiveThresholdTokens() ? ", within" : ", above");
    text.append(" the threshold of ").append(d.effectiveThresholdTokens());
    if (d.effectiveThresholdTokens() > d.thresholdTokens()) {
      text.append(", raised from ").append(d.thresholdTokens()).append(" by congestion");
    }
  }

  private void costs(Grounds g) {
    @Nullable Terms unpaid = g.unpaid();
    @Nullable Terms local = g.passedOver() != null ? g.passedOver() : g.chosen();
    if (unpaid != null && local != null) {
      text.append("; sending the KV from ");
      quote(unpaid.cluster()).append(" does not pay: USD ");
      number(unpaid.totalUsd(), 6).append(" and a first token after ");
      number(unpaid.ttftSeconds(), 3).append(" s, against USD ");
      number(local.totalUsd(), 6).append(" and ");
      number(local.ttftSeconds(), 3).append(" s at ");
      quote(local.cluster());
    }
  }

  private void busy(Decision d, Grounds g) {
    @Nullable Terms busy = g.passedOver();
    if (busy != null && d.rule() == Rule.MAX_WAIT) {
      text.append("; it would wait ");
      number(busy.waitSeconds(), 3).append(" s at ");
      quote(busy.cluster()).append(", longer than it may");
    }
  }

  private void deadline(Decision d, Grounds g) {
    @Nullable Duration deadline = g.deadline();
    @Nullable Terms chosen = g.chosen();
    if (deadline == null || chosen == null) {
      return;
    }
    double seconds = seconds(deadline);
    @Nullable Terms late = g.passedOver();
    if (late != null && d.rule() == Rule.DEADLINE) {
      text.append("; the first token would take ");
      number(late.ttftSeconds(), 3).append(" s at ");
      quote(late.cluster()).append(", longer than the ");
      number(seconds, 3).append(" s asked for; it takes ");
      number(chosen.ttftSeconds(), 3).append(" s at ");
      quote(chosen.cluster());
    } else if (chosen.ttftSeconds() > seconds) {
      text.append("; the first token is expected after ");
      number(chosen.ttftSeconds(), 3).append(" s, and nobody is faster than the ");
      number(seconds, 3).append(" s asked for");
    }
  }

  /** Of any deadline there is: those in ns end after 292 years. */
  static double seconds(Duration duration) {
    return duration.toMillis() / MS;
  }

  private StringBuilder quote(String name) {
    return text.append('\'').append(name).append('\'');
  }

  private StringBuilder number(double value, int decimals) {
    long scale = Math.round(Math.pow(10, decimals));
    long scaled = Math.round(value * scale);
    text.append(scaled / scale).append('.');
    String fraction = Long.toString(scaled % scale);
    return text.repeat('0', decimals - fraction.length()).append(fraction);
  }

  private static String lower(Enum<?> word) {
    return word.name().toLowerCase(Locale.ROOT);
  }
}
