package io.membrane.fragment.offheap;

import java.util.Arrays;

/**
 * Runs of units, in the order of the bytes they hold. A run that continues the last one within its
 * segment is joined to it, so that neighbouring blocks are one buffer. Not thread-safe.
 */
final class Runs {

  private final int unitsPerSegment;

  private int[] starts = new int[2];

  /** Of each run, the units that it and those before it hold. */
  private int[] ends = new int[2];

  private int size;

  /**
   * @param unitsPerSegment a power of two; no run crosses a multiple of it
   */
  Runs(int unitsPerSegment) {
    this.unitsPerSegment = unitsPerSegment;
  }

  int size() {
    return size;
  }

  /** The units of all runs. */
  int units() {
    return size == 0 ? 0 : ends[size - 1];
  }

  int start(int run) {
    return starts[run];
  }

  int length(int run) {
    return ends[run] - unitsBefore(run);
  }

  int unitsBefore(int run) {
    return run == 0 ? 0 : ends[run - 1];
  }

  /** The run that holds unit {@code index} of the whole; below {@link #units()}. */
  int holding(int index) {
    int found = Arrays.binarySearch(ends, 0, size, index);
    return found >= 0 ? found + 1 : -found - 1;
  }

  /** Appends a run that lies within one segment. */
  void add(int start, int length) {
    int last = size - 1;
    if (size > 0 && starts[last] + length(last) == start && (start & (unitsPerSegment - 1)) != 0) {
      ends[last] += length;
      return;
    }
    if (size == starts.length) {
      starts = Arrays.copyOf(starts, 2 * size);
      ends = Arrays.copyOf(ends, 2 * size);
    }
    starts[size] = start;
    ends[size] = units() + length;
    size++;
  }

  /** Removes all but the first {@code units} units and answers what was removed. */
  Runs cutTo(int units) {
    Runs cut = new Runs(unitsPerSegment);
    while (units() > units) {
      int last = size - 1;
      int kept = Math.max(0, units - unitsBefore(last));
      cut.add(starts[last] + kept, length(last) - kept);
      if (kept > 0) {
        ends[last] = units;
        break;
      }
      size--;
    }
    return cut;
  }
}
