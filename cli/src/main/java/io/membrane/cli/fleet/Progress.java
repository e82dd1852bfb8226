package io.membrane.cli.fleet;

import java.time.Duration;

/** Hears how a start or a stop goes on. */
public interface Progress {

  /** Hears nothing. */
  Progress SILENT = new Progress() {};

  /** A process was started. */
  default void started(Member member, long pid, int port) {}

  /** It is ready, so long after the fleet's start began. */
  default void ready(Member member, Duration after) {}

  /** It is being stopped. */
  default void stopping(Member member) {}
}
