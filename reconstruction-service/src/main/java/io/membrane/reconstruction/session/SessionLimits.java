package io.membrane.reconstruction.session;

import java.time.Duration;

/**
 * What may be remembered.
 *
 * @param maxSessions most sessions
 * @param maxTurns most turns of each
 * @param maxBlocks most blocks of the last turns of all sessions together
 * @param idle how long after its last turn a session is forgotten
 */
public record SessionLimits(int maxSessions, int maxTurns, int maxBlocks, Duration idle) {

  public SessionLimits {
    if (maxSessions < 1 || maxTurns < 1 || maxBlocks < 1 || !idle.isPositive()) {
      throw new IllegalArgumentException(
          "limits are at least 1, not %d sessions, %d turns, %d blocks, %s"
              .formatted(maxSessions, maxTurns, maxBlocks, idle));
    }
  }
}
