package io.membrane.reconstruction.session;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The turns of sessions and what they foretell, in memory: bounded, and gone with the process. Of
 * too many sessions those go whose last turn was noted longest ago. Thread-safe; no call blocks.
 */
public final class SessionHistory {

  /**
   * A session.
   *
   * @param ahead blocks that were fetched ahead since its last turn
   */
  private record Kept(Session session, Set<BlockHash> ahead) {}

  private final SessionLimits limits;
  private final double leastProbability;
  private final Clock clock;
  private final ReturnTimes times = new ReturnTimes();
  private final Agenda agenda = new Agenda();
  private final Map<SessionKey, Kept> sessions = new LinkedHashMap<>();
  private int blocks;
  private long useful;
  private long wasted;

  /**
   * @param leastProbability sessions that go on less likely are not {@link #due}
   */
  public SessionHistory(SessionLimits limits, double leastProbability, Clock clock) {
    this.limits = limits;
    this.leastProbability = leastProbability;
    this.clock = clock;
  }

  /**
   * A session took a turn.
   *
   * @param chain its blocks that are stored now, from the first on
   */
  public synchronized void note(
      SessionKey key, Turn turn, Namespace namespace, List<BlockHash> chain) {
    forgetIdle();
    Kept before = take(key);
    times.learn(before == null ? null : before.session(), turn);
    if (before != null) {
      int reused = Math.min(chain.size(), turn.reusedTokens() / namespace.blockTokens());
      judge(before.ahead(), chain.subList(0, reused));
    }
    List<BlockHash> kept = chain.subList(0, Math.min(chain.size(), limits.maxBlocks()));
    Session session = continued(before == null ? null : before.session(), turn, namespace, kept);
    sessions.put(key, new Kept(session, new HashSet<>()));
    blocks += session.chain().size();
    while (sessions.size() > limits.maxSessions() || blocks > limits.maxBlocks()) {
      forget(sessions.keySet().iterator().next());
    }
    Forecast forecast = times.forecast(session, turn.atMs());
    if (forecast != null && forecast.probability() >= leastProbability) {
      agenda.put(key, forecast.earliestAtMs());
    }
  }

  /** What is known of a session; null if nothing. */
  public synchronized @Nullable Session find(SessionKey key) {
    forgetIdle();
    Kept kept = sessions.get(key);
    return kept == null ? null : kept.session();
  }

  /** When a session is expected to go on; null if it is not known, or too little is. */
  public synchronized @Nullable Forecast forecast(SessionKey key) {
    Session session = find(key);
    return session == null ? null : times.forecast(session, clock.millis());
  }

  /** Sessions that are expected to go on from now; each is named once between two turns. */
  public synchronized List<SessionKey> due() {
    forgetIdle();
    return agenda.due(clock.millis());
  }

  /**
   * Blocks are being fetched ahead for a session's next turn.
   *
   * @param turnCount turns that the session had when this was decided
   * @return whether it still has no more; if not, they would come too late
   */
  public synchronized boolean fetchAhead(SessionKey key, int turnCount, List<BlockHash> some) {
    Kept kept = sessions.get(key);
    if (kept == null || kept.session().turnCount() != turnCount) {
      return false;
    }
    kept.ahead().addAll(some);
    return true;
  }

  /** They could not be fetched after all. */
  public synchronized void notFetched(SessionKey key, List<BlockHash> some) {
    Kept kept = sessions.get(key);
    if (kept != null) {
      some.forEach(kept.ahead()::remove);
    }
  }

  /** Sessions that are known. */
  public synchronized int size() {
    return sessions.size();
  }

  /** Blocks that were fetched ahead and that the session's next turn reused. */
  public synchronized long usefulBlocks() {
    return useful;
  }

  /** Blocks that were fetched ahead in vain: the next turn did without, or never came. */
  public synchronized long wastedBlocks() {
    return wasted;
  }

  private Session continued(
      @Nullable Session before, Turn turn, Namespace namespace, List<BlockHash> chain) {
    if (before == null) {
      return new Session(turn.atMs(), 1, List.of(turn), namespace, chain);
    }
    List<Turn> turns = new ArrayList<>(before.turns());
    turns.add(turn);
    int kept = Math.min(turns.size(), limits.maxTurns());
    return new Session(
        before.firstAtMs(),
        before.turnCount() + 1,
        turns.subList(turns.size() - kept, turns.size()),
        namespace,
        chain);
  }

  private void judge(Set<BlockHash> ahead, List<BlockHash> reused) {
    long used = reused.stream().filter(ahead::contains).count();
    useful += used;
    wasted += ahead.size() - used;
  }

  private void forgetIdle() {
    long oldest = clock.millis() - limits.idle().toMillis();
    Iterator<Map.Entry<SessionKey, Kept>> entries = sessions.entrySet().iterator();
    List<SessionKey> idle = new ArrayList<>();
    while (entries.hasNext()) {
      Map.Entry<SessionKey, Kept> entry = entries.next();
      if (entry.getValue().session().last().atMs() > oldest) {
        break;
      }
      idle.add(entry.getKey());
    }
    idle.forEach(this::forget);
  }

  private void forget(SessionKey key) {
    Kept kept = take(key);
    if (kept != null) {
      wasted += kept.ahead().size();
    }
  }

  private @Nullable Kept take(SessionKey key) {
    Kept kept = sessions.remove(key);
    agenda.remove(key);
    if (kept != null) {
      blocks -= kept.session().chain().size();
    }
    return kept;
  }
}
