package io.membrane.reconstruction.plan;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Links as configured, corrected by what fetches of this process took. Thread-safe.
 *
 * <p>The rate of a link is {@code (w + B) / (w / r + T)}: r the configured rate, B the bytes that
 * came over it and T the time they took, both halving with each half-life, w the weight of the
 * configuration. A fetch's time counts from the end of the one before: of several at once each
 * would call the link slow, which together they fill. Small fetches count little, and a link that
 * is not used any more since it was slow is tried again: what was seen of it fades. A fetch over
 * several links is shared out among them as it was expected.
 */
public final class LearnedLinks implements Links {

  /**
   * What is expected of links before they are used.
   *
   * @param memory reading from the memory of a fragment-service of the same cluster
   * @param redis reading from its Redis
   * @param crossing what comes on top between clusters
   */
  public record Expected(Pace memory, Pace redis, Pace crossing) {

    Pace of(Link link) {
      Pace tier = link.tier().equals("memory") ? memory : redis;
      return link.isCrossing() ? tier.then(crossing) : tier;
    }
  }

  /** Bytes that the configured rate counts for. */
  static final double WEIGHT = 8 << 20;

  private static final double NANOS_PER_MS = 1e6;

  private record Seen(double bytes, double ms, long atNanos) {}

  private final Expected expected;
  private final double halfLifeNanos;
  private final LongSupplier nanoTime;
  private final Map<Link, Seen> seen = new ConcurrentHashMap<>();

  /**
   * @param halfLifeNanos after which what was seen counts half
   * @param nanoTime e.g. {@link System#nanoTime()}
   */
  public LearnedLinks(Expected expected, long halfLifeNanos, LongSupplier nanoTime) {
    this.expected = expected;
    this.halfLifeNanos = halfLifeNanos;
    this.nanoTime = nanoTime;
  }

  @Override
  public Pace pace(Link link) {
    Pace configured = expected.of(link);
    Seen now = faded(seen.getOrDefault(link, new Seen(0, 0, 0)), nanoTime.getAsLong());
    double ms = WEIGHT / configured.bytesPerMs() + now.ms();
    return new Pace(configured.latencyMs(), (WEIGHT + now.bytes()) / ms);
  }

  /**
   * A fetch that ends now took this long.
   *
   * @param links the link of each block, in the order of their use
   * @param bytes size of each block
   */
  public void observe(List<Link> links, List<Long> bytes, double ms) {
    Map<Link, Double> perLink = new LinkedHashMap<>();
    for (int i = 0; i < bytes.size(); i++) {
      perLink.merge(links.get(i), (double) bytes.get(i), Double::sum);
    }
    double planned = 0;
    for (Map.Entry<Link, Double> part : perLink.entrySet()) {
      Pace pace = pace(part.getKey());
      planned += pace.latencyMs() + part.getValue() / pace.bytesPerMs();
    }
    if (ms <= 0 || planned <= 0) {
      return;
    }
    double slower = ms / planned;
    perLink.forEach((link, sent) -> add(link, sent, sent / pace(link).bytesPerMs() * slower));
  }

  private void add(Link link, double bytes, double ms) {
    long at = nanoTime.getAsLong();
    seen.compute(
        link,
        (l, before) -> {
          if (before == null) {
            return new Seen(bytes, ms, at);
          }
          Seen old = faded(before, at);
          double alone = Math.min(ms, Math.max(0, at - before.atNanos()) / NANOS_PER_MS);
          return new Seen(old.bytes() + bytes, old.ms() + alone, Math.max(at, before.atNanos()));
        });
  }

  private Seen faded(Seen then, long at) {
    double left = Math.pow(0.5, Math.max(0, at - then.atNanos()) / halfLifeNanos);
    return new Seen(then.bytes() * left, then.ms() * left, at);
  }
}
