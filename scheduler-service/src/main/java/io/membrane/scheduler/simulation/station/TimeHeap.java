package io.membrane.scheduler.simulation.station;

import java.util.Arrays;

/**
 * A binary heap of what lies at which time, the earliest first; at one time the smaller value. Not
 * thread-safe.
 */
public final class TimeHeap {

  private double[] times = new double[64];
  private long[] values = new long[64];
  private int size;

  /** Adds a value. */
  public void add(double time, long value) {
    if (size == times.length) {
      times = Arrays.copyOf(times, size * 2);
      values = Arrays.copyOf(values, size * 2);
    }
    int i = size++;
    while (i > 0 && isBefore(time, value, (i - 1) / 2)) {
      move((i - 1) / 2, i);
      i = (i - 1) / 2;
    }
    times[i] = time;
    values[i] = value;
  }

  /** The earliest time; infinite if the heap is empty. */
  public double firstTime() {
    return size == 0 ? Double.POSITIVE_INFINITY : times[0];
  }

  /** Takes the earliest value out; there must be one. */
  public long take() {
    long taken = values[0];
    size--;
    double time = times[size];
    long value = values[size];
    int i = 0;
    while (2 * i + 1 < size) {
      int child = 2 * i + 1;
      if (child + 1 < size && isBefore(times[child + 1], values[child + 1], child)) {
        child++;
      }
      if (isBefore(time, value, child)) {
        break;
      }
      move(child, i);
      i = child;
    }
    times[i] = time;
    values[i] = value;
    return taken;
  }

  private boolean isBefore(double time, long value, int index) {
    return time < times[index] || (time == times[index] && value < values[index]);
  }

  private void move(int from, int to) {
    times[to] = times[from];
    values[to] = values[from];
  }

  /** How many values there are. */
  public int size() {
    return size;
  }
}
