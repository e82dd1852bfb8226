package io.membrane.scheduler.control;

import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.throughput.Fleet;
import io.membrane.scheduler.throughput.Pool;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Roles of the PD cluster's instances and the threshold, arXiv:2604.15039v2 section 3.4.3: restores
 * (7) by moving t, and (8) by converting instances between prefill and decode. A prefill cluster's
 * instances are never converted. A pure step from state and period to state.
 *
 * <p>Goals: the best configuration for the lengths that are measured. Constraints: one instance at
 * a time, and none that load does not ask for; no flapping.
 *
 * <p>Algorithm: t is searched again over the measured lengths for the split that there is, and
 * moves if that gains enough. An instance is converted if the model's best split differs, one step
 * towards it gains enough, and the stages show it: the one that would get the instance is hot and
 * the other cool. That has to last for a dwell, without a gap. Then the instance drains; when the
 * measured split is the wanted one, or the drain has taken too long, a cool-down follows. Three
 * things keep it from flapping: the way back has to gain as much again, by the same measured
 * lengths; hot and cool lie apart; dwell and cool-down bound the rate of conversions.
 */
public final class RoleControl {

  private final RoleSettings settings;

  public RoleControl(RoleSettings settings) {
    this.settings = settings;
  }

  /** What a controller is doing. */
  public enum Phase {
    /** Roles are as they should be. */
    STEADY,
    /** An imbalance is seen, and has to last. */
    WAITING,
    /** An instance is being converted. */
    DRAINING,
    /** Nothing is converted for a while. */
    COOLING
  }

  /** Which role an instance is to take. */
  public enum Direction {
    TO_PREFILL,
    TO_DECODE
  }

  /**
   * What is wanted, and why.
   *
   * @param thresholdTokens t
   * @param prefillByPool instances of each pool that are to prefill; the others are to decode
   * @param direction of the conversion that is waited for or under way; null if none is
   * @param since when the phase began; null before the first period
   * @param at end of the last period; null before the first
   * @param reason for people
   */
  public record State(
      int thresholdTokens,
      List<Integer> prefillByPool,
      Phase phase,
      @Nullable Direction direction,
      @Nullable Instant since,
      @Nullable Instant at,
      String reason) {

    /** Copies the split. */
    public State {
      prefillByPool = List.copyOf(prefillByPool);
    }

    /** Before anything has been measured. */
    public static State initial(int thresholdTokens, List<Integer> prefillByPool) {
      return new State(
          thresholdTokens, prefillByPool, Phase.STEADY, null, null, null, "nothing measured yet");
    }

    /** N_p that is wanted. */
    public int nP() {
      return prefillByPool.stream().mapToInt(Integer::intValue).sum();
    }
  }

  /** A conversion that load and model ask for, and why. */
  private record Conversion(Direction direction, List<Integer> split, String why) {}

  /**
   * The state after a period; the same state if the period is not newer than the last one.
   *
   * @param fleet as it is now, its links with what they carry now
   * @throws IllegalArgumentException if the period's split does not fit the fleet
   */
  public State step(State state, Fleet fleet, Period period) {
    @Nullable Instant last = state.at();
    if (last != null && !period.at().isAfter(last)) {
      return state;
    }
    check(fleet, period);
    if (period.samples() < settings.minSamples()) {
      String why =
          "lengths of %d requests are known, %d are needed"
              .formatted(period.samples(), settings.minSamples());
      return phase(state, period, state.thresholdTokens(), null, why);
    }
    Tuning tuning = new Tuning(fleet, period.workload());
    List<Integer> split = period.prefillByPool();
    Configuration tuned = tuning.of(split);
    Configuration as = tuning.at(state.thresholdTokens(), split);
    double worth = Tuning.producersRps(as) * (1 + settings.thresholdGain());
    int t = Tuning.producersRps(tuned) > worth ? tuned.thresholdTokens() : state.thresholdTokens();
    return phase(state, period, t, conversion(fleet, period, tuning, tuned), "");
  }

  private static void check(Fleet fleet, Period period) {
    List<Integer> split = period.prefillByPool();
    boolean fits = split.size() == fleet.pd().size();
    for (int j = 0; fits && j < split.size(); j++) {
      fits = split.get(j) >= 0 && split.get(j) <= fleet.pd().get(j).instances();
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "instances that prefill, %s, are not instances of %s by pool"
              .formatted(split, fleet.pd().stream().map(Pool::instances).toList()));
    }
  }

  private State phase(
      State state, Period period, int t, @Nullable Conversion conversion, String why) {
    Instant at = period.at();
    Instant since = state.since() == null ? at : state.since();
    List<Integer> is = period.prefillByPool();
    return switch (state.phase()) {
      case STEADY -> watch(t, is, at, since, conversion, why);
      case WAITING -> {
        boolean lasts =
            conversion != null
                && conversion.direction == state.direction()
                && state.at() != null
                && !at.isAfter(state.at().plus(settings.patience()));
        if (!lasts || conversion == null) {
          yield watch(t, is, at, at, conversion, why);
        }
        yield at.isBefore(since.plus(settings.dwell()))
            ? new State(t, is, Phase.WAITING, conversion.direction, since, at, conversion.why)
            : new State(
                t, conversion.split, Phase.DRAINING, conversion.direction, at, at, conversion.why);
      }
      case DRAINING -> {
        if (is.equals(state.prefillByPool())) {
          yield new State(t, is, Phase.COOLING, null, at, at, "an instance has been converted");
        }
        if (at.isBefore(since.plus(settings.drainTimeout()))) {
          yield new State(
              t,
              state.prefillByPool(),
              Phase.DRAINING,
              state.direction(),
              since,
              at,
              state.reason());
        }
        yield new State(
            t,
            is,
            Phase.COOLING,
            null,
            at,
            at,
            "no instance was converted within %s; given up".formatted(settings.drainTimeout()));
      }
      case COOLING ->
          at.isBefore(since.plus(settings.coolDown()))
              ? new State(t, is, Phase.COOLING, null, since, at, state.reason())
              : watch(t, is, at, at, conversion, why);
    };
  }

  private static State watch(
      int t,
      List<Integer> is,
      Instant at,
      Instant steadySince,
      @Nullable Conversion conversion,
      String why) {
    return conversion == null
        ? new State(
            t, is, Phase.STEADY, null, steadySince, at, why.isEmpty() ? "roles fit the load" : why)
        : new State(t, is, Phase.WAITING, conversion.direction, at, at, conversion.why);
  }

  private @Nullable Conversion conversion(
      Fleet fleet, Period period, Tuning tuning, Configuration now) {
    @Nullable Direction direction = shown(period, now.nP(), now.nD());
    if (direction == null) {
      return null;
    }
    int step = direction == Direction.TO_PREFILL ? 1 : -1;
    Configuration best = tuning.best();
    if (Integer.signum(best.nP() - now.nP()) != step) {
      return null;
    }
    @Nullable Configuration next = null;
    for (int j = 0; j < fleet.pd().size(); j++) {
      Pool pool = fleet.pd().get(j);
      List<Integer> split = new ArrayList<>(period.prefillByPool());
      split.set(j, split.get(j) + step);
      if (pool.type().decode() == null || split.get(j) < 0 || split.get(j) > pool.instances()) {
        continue;
      }
      Configuration c = tuning.of(split);
      if (next == null || c.sustainedRps() > next.sustainedRps()) {
        next = c;
      }
    }
    if (next == null || next.sustainedRps() < now.sustainedRps() * (1 + settings.roleGain())) {
      return null;
    }
    return new Conversion(direction, next.prefillByPool(), why(direction, period, now, next));
  }

  private @Nullable Direction shown(Period period, int nP, int nD) {
    StageLoad prefill = period.prefill();
    StageLoad decode = period.decode();
    if (prefill.hot(settings, nP) && decode.cool(settings, nD)) {
      return Direction.TO_PREFILL;
    }
    if (decode.hot(settings, nD) && prefill.cool(settings, nP)) {
      return Direction.TO_DECODE;
    }
    return null;
  }

  private static String why(
      Direction direction, Period period, Configuration now, Configuration next) {
    return String.format(
        Locale.ROOT,
        "%s-bound: prefill %.0f %% busy with %.1f waiting, decode %.0f %% with %.1f;"
            + " %d/%d sustains %.3f requests/s, %d/%d would sustain %.3f",
        direction == Direction.TO_PREFILL ? "prefill" : "decode",
        100 * period.prefill().utilisation(),
        period.prefill().queueDepth(),
        100 * period.decode().utilisation(),
        period.decode().queueDepth(),
        now.nP(),
        now.nD(),
        now.sustainedRps(),
        next.nP(),
        next.nD(),
        next.sustainedRps());
  }
}
