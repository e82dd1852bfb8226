package io.membrane.scheduler.control;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How much of the planned offload a link may carry. A pure step from state and sample to state;
 * {@link EffectiveThreshold} makes a threshold of the share.
 *
 * <p>Goals: the link is held at its target utilisation whatever the demand; what it gives up goes
 * where there is room for it; the whole offload comes back when pressure is gone (no ratchet); no
 * oscillation.
 *
 * <p>Algorithm. Pressure is how full the link is, times the worst sign that it is too full,
 *
 * <pre>
 * π = utilisation / target
 *     · max( 1, queue / reference, min(4/3, loss / limit), min(4/3, retransmissions / limit) )
 * </pre>
 *
 * Of the queue only a surge counts: a link that transfers share has ρ / (1 − ρ) of them under way
 * at utilisation ρ, 9 at 0.9. Loss lowers the utilisation that is held, by a quarter at most: less
 * traffic cures loss that comes of a full link, and no other. Where the utilisation is unknown, the
 * largest of queue / (2 · reference) and the two terms of loss stands for π. What is regulated is
 * the pressure in relation to that of the local prefill, {@link LocalLoad}, and the share f follows
 * it by integral control in its logarithm, in bounds:
 *
 * <pre>
 * ln f ← ln f + g · clamp(1 − π / max(1, π_local), −1, 1)
 * g = min(1 − e^(−Δt/τ), 1/4),   minShare ≤ f ≤ 1
 * </pre>
 *
 * The error is linear in π, so that it is the mean utilisation that is regulated however much the
 * samples of single seconds scatter; the mean of −ln π lies far above −ln of the mean. Below its
 * limit the local prefill takes no part. Above it, f falls only as long as the link is the fuller
 * of both; if both are overloaded their pressures are balanced and neither is flooded for the
 * other.
 *
 * <p>Why it does not swing: egress is proportional to f, so with the local prefill below its limit
 * and x = ln π, 1 − π ≈ −x near the target and the loop is x ← x − g · x(d samples ago), at any
 * loss that lasts: it is a factor of π, where a term beside it would multiply the gain. Its
 * characteristic polynomial z^(d+1) − z^d + g has only real roots, none of which swings, iff g ≤
 * d^d / (d+1)^(d+1): 1/4 for one sample of delay, which is where g is cut off, and about Δt / (e ·
 * delay) for many, which is where {@code timeConstant ≥ e · delay} comes from. A queue adds an
 * integrator to the plant while it is there, and so does a local one; at their limits, below 1,
 * both empty and take no part. Where both are overloaded the loop may swing, slowly and within
 * bounds, since no sample moves ln f by more than g.
 *
 * <p>Why there is no ratchet: at π < 1 f rises, with every sample, until it is exactly 1; nothing
 * else is remembered.
 *
 * <p>Silence: without telemetry for {@code silentAfter}, or while samples tell nothing, ln f
 * relaxes to 0. A cluster that reported once and not within {@code goneAfter} is gone until it
 * reports again; one that never reported is not watched, and so not gone.
 */
public final class CongestionControl {

  /** Of a share that is as good as 1. */
  private static final double WHOLE = 0.999;

  private static final double MAX_GAIN = 0.25;

  /** Most that loss multiplies pressure by: three quarters of the target are held then. OURS. */
  private static final double MOST_OF_LOSS = 4.0 / 3;

  private final CongestionSettings settings;

  public CongestionControl(CongestionSettings settings) {
    this.settings = settings;
  }

  /** Which signal the pressure comes from. */
  public enum Cause {
    /** No signal is known. */
    UNKNOWN,
    UTILISATION,
    QUEUE,
    LOSS,
    RETRANSMISSIONS
  }

  /**
   * What is remembered of a link.
   *
   * @param share f, of the planned offload, in (0, 1]
   * @param pressure π of the link at the last sample, whatever the local prefill does; NaN if it
   *     told nothing
   * @param cause of the pressure
   * @param sampledAt time of the last sample; null if there was none
   */
  public record State(double share, double pressure, Cause cause, @Nullable Instant sampledAt) {

    /** Nothing is known, nothing is held back. */
    public static final State INITIAL = new State(1, Double.NaN, Cause.UNKNOWN, null);

    /** Refuses shares outside (0, 1]. */
    public State {
      Limits.positive("a share", share, 1);
    }
  }

  private record Pressure(double value, Cause cause) {

    private Pressure or(double other, Cause otherCause) {
      return Double.isNaN(other) || value >= other ? this : new Pressure(other, otherCause);
    }
  }

  /**
   * The state after a sample; the same state if the sample is not newer than the last one.
   *
   * @param local load of the prefill that takes what the link gives up
   */
  public State step(State state, LinkSample sample, LocalLoad local) {
    Pressure pressure = pressure(sample);
    @Nullable Instant last = state.sampledAt();
    if (last == null) {
      return new State(state.share(), pressure.value, pressure.cause, sample.at());
    }
    if (!sample.at().isAfter(last)) {
      return state;
    }
    double dt = Limits.seconds(Duration.between(last, sample.at()));
    if (Double.isNaN(pressure.value)) {
      return new State(released(state.share(), dt), pressure.value, pressure.cause, sample.at());
    }
    double gain = Math.min(-Math.expm1(-dt / Limits.seconds(settings.timeConstant())), MAX_GAIN);
    double localPressure = local.pressure(settings.targetUtilisation());
    double relative = localPressure > 1 ? pressure.value / localPressure : pressure.value;
    double error = Math.clamp(1 - relative, -1, 1);
    double share = shareAt(state, sample.at()) * Math.exp(gain * error);
    return new State(
        Math.clamp(share, settings.minShare(), 1), pressure.value, pressure.cause, sample.at());
  }

  /** f now, as silence has released it. */
  public double shareAt(State state, Instant now) {
    @Nullable Instant last = state.sampledAt();
    if (last == null) {
      return state.share();
    }
    Instant silent = last.plus(settings.silentAfter());
    return now.isAfter(silent)
        ? released(state.share(), Limits.seconds(Duration.between(silent, now)))
        : state.share();
  }

  /** Whether a cluster that once reported has been silent for too long. */
  public boolean gone(State state, Instant now) {
    @Nullable Instant last = state.sampledAt();
    return last != null && now.isAfter(last.plus(settings.goneAfter()));
  }

  private double released(double share, double seconds) {
    double released = Math.exp(Math.log(share) * Math.exp(-seconds / releaseSeconds()));
    return released >= WHOLE ? 1 : released;
  }

  private double releaseSeconds() {
    return Limits.seconds(settings.release());
  }

  private Pressure pressure(LinkSample s) {
    double load = s.utilisation() / settings.targetUtilisation();
    double queue = s.queueDepth() / settings.queueReference();
    double loss = Math.min(s.loss() / settings.lossLimit(), MOST_OF_LOSS);
    double again = Math.min(s.retransmissions() / settings.retransmitLimit(), MOST_OF_LOSS);
    if (Double.isNaN(load)) {
      return new Pressure(Double.NaN, Cause.UNKNOWN)
          .or(queue / 2, Cause.QUEUE)
          .or(loss, Cause.LOSS)
          .or(again, Cause.RETRANSMISSIONS);
    }
    Pressure sign =
        new Pressure(1, Cause.UTILISATION)
            .or(queue, Cause.QUEUE)
            .or(loss, Cause.LOSS)
            .or(again, Cause.RETRANSMISSIONS);
    return new Pressure(load * sign.value, sign.value > load ? sign.cause : Cause.UTILISATION);
  }
}
