package io.membrane.leadership;

/** Whether this replica is the one that does what is done once for all replicas. Thread-safe. */
@FunctionalInterface
public interface Leadership {

  /** Of a replica that has no others beside it. */
  Leadership ALONE = () -> true;

  /**
   * Whether it may begin something now; does not block. To be asked before each step, since it may
   * end at any time, and then a step that is under way goes on.
   */
  boolean leads();
}
