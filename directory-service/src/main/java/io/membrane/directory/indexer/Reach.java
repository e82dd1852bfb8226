package io.membrane.directory.indexer;

/**
 * Tokens of a prompt's beginning that an engine has without computing them.
 *
 * @param gpu of them, those in its GPU
 * @param cpu those in its GPU or its host's memory, each block in either
 * @param disk those in any of its tiers
 */
public record Reach(long gpu, long cpu, long disk) {

  /** Nothing. */
  public static final Reach NONE = new Reach(0, 0, 0);

  public Reach {
    if (gpu < 0 || cpu < gpu || disk < cpu) {
      throw new IllegalArgumentException(
          "0 <= gpu <= cpu <= disk, not %d, %d, %d".formatted(gpu, cpu, disk));
    }
  }

  /** In each tier the farther of the two. */
  Reach or(Reach other) {
    return new Reach(
        Math.max(gpu, other.gpu), Math.max(cpu, other.cpu), Math.max(disk, other.disk));
  }
}
