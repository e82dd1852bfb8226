package io.membrane.directory.engine;

/**
 * How far an engine is followed. Counts are since it was begun to be followed.
 *
 * @param messages messages applied
 * @param blocks blocks that it holds now
 * @param gaps times that messages were missing
 * @param duplicates messages that came twice, and blocks stored where they were
 * @param restarts times that the engine began anew
 * @param skipped messages and events that could not be read
 * @param unnamed blocks that could not be named: behind an unknown parent, partial, or too many
 */
public record EngineState(
    Phase phase,
    long messages,
    long blocks,
    long gaps,
    long duplicates,
    long restarts,
    long skipped,
    long unnamed) {

  static final EngineState PENDING = new EngineState(Phase.PENDING, 0, 0, 0, 0, 0, 0, 0);

  /** Whether what is known of the engine is what it holds. */
  public enum Phase {
    /** Not heard of yet. */
    PENDING,
    /** All that it says is applied as it comes. */
    LIVE,
    /** It is asked for what was missed. */
    REPLAYING,
    /** The connection is gone; what it held is believed for a while. */
    LOST
  }
}
