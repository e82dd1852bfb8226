package io.membrane.scheduler.control;

import io.membrane.wire.SchedulerClient.Regime;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * When caches may cross a link: bandwidth is abundant after a long time of much headroom, and
 * scarce after a short time of little. Between both levels it stays what it is. A pure step from
 * state and sample to state.
 */
public final class RegimeSwitch {

  private final RegimeSettings settings;

  public RegimeSwitch(RegimeSettings settings) {
    this.settings = settings;
  }

  /**
   * What is remembered of a link.
   *
   * @param since since when the headroom asks for the other regime; null if it does not
   * @param sampledAt time of the last sample; null if there was none
   */
  public record State(Regime regime, @Nullable Instant since, @Nullable Instant sampledAt) {

    /** A link of which nothing has been measured yet. */
    public static State initial(Regime regime) {
      return new State(regime, null, null);
    }
  }

  /** The state after a sample; the same state if the sample is not newer than the last one. */
  public State step(State state, LinkSample sample) {
    Instant at = sample.at();
    @Nullable Instant last = state.sampledAt();
    if (last != null && !at.isAfter(last)) {
      return state;
    }
    Regime regime = state.regime();
    if (!asksForOther(regime, sample.headroom())) {
      return new State(regime, null, at);
    }
    boolean gap = last == null || at.isAfter(last.plus(settings.patience()));
    @Nullable Instant since = gap ? null : state.since();
    if (since == null) {
      return new State(regime, at, at);
    }
    return switch (regime) {
      case SCARCE ->
          at.isBefore(since.plus(settings.abundantDwell()))
              ? new State(regime, since, at)
              : new State(Regime.ABUNDANT, null, at);
      case ABUNDANT ->
          at.isBefore(since.plus(settings.scarceDwell()))
              ? new State(regime, since, at)
              : new State(Regime.SCARCE, null, at);
    };
  }

  private boolean asksForOther(Regime regime, double headroom) {
    return switch (regime) {
      case SCARCE -> headroom >= settings.abundantHeadroom();
      case ABUNDANT -> headroom < settings.scarceHeadroom();
    };
  }
}
