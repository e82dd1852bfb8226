package io.membrane.fragment.homes;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What this node has asked others for so often that a copy of its own pays.
 *
 * <p>Goals: a fragment that everybody reads does not wait for one home; memory is not filled with
 * copies of what is read now and then. Algorithm: a name is counted from its first question on, for
 * {@value #WINDOW_SECONDS} s, and wanted from its {@value #OFTEN}th question within them. Eight
 * network reads cost more than one eviction may, and ten seconds is several times what a prefill of
 * a popular prefix takes to be read by a whole fleet. At most {@value #MOST} names are counted; of
 * more, those asked for rarely are forgotten first. Thread-safe.
 *
 * @param <K> a name
 */
public final class Demand<K> {

  /** Questions that make a name wanted. */
  public static final int OFTEN = 8;

  private static final int WINDOW_SECONDS = 10;
  private static final int MOST = 65_536;

  private final Cache<K, AtomicInteger> asked;

  public Demand(Ticker ticker) {
    this.asked =
        Caffeine.newBuilder()
            .ticker(ticker)
            .expireAfterWrite(Duration.ofSeconds(WINDOW_SECONDS))
            .maximumSize(MOST)
            .build();
  }

  /** Counts a question. */
  public void count(K name) {
    asked.get(name, _ -> new AtomicInteger()).incrementAndGet();
  }

  /** Whether a copy is wanted here. */
  public boolean isWanted(K name) {
    AtomicInteger count = asked.getIfPresent(name);
    return count != null && count.get() >= OFTEN;
  }
}
