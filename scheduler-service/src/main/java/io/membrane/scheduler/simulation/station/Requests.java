package io.membrane.scheduler.simulation.station;

import java.util.Arrays;

/**
 * The requests in the fleet, a column for each property, a row for each request; rows of those that
 * are done are used again. {@link #next} chains rows into queues and batches. Not thread-safe.
 */
public final class Requests {

  /** No row. */
  public static final int NONE = -1;

  /** When it arrived, s. */
  public double[] arrival = new double[256];

  /** When its first token was there, s. */
  public double[] firstToken = new double[256];

  /** When it got a place in a batch, s. */
  public double[] placed = new double[256];

  /** Tokens that it decodes. */
  public double[] outputTokens = new double[256];

  /** Its number in the traffic. */
  public int[] number = new int[256];

  /** Length of its prompt. */
  public int[] tokens = new int[256];

  /** Tokens that its target computes. */
  public int[] uncachedTokens = new int[256];

  /** Tokens whose KV the PD cluster lacks. */
  public int[] uncachedAtPd = new int[256];

  /** Where it is prefilled. */
  public int[] station = new int[256];

  /** Where it is decoded. */
  public int[] instance = new int[256];

  /** The row behind it, or {@link #NONE}. */
  public int[] next = new int[256];

  private int rows;
  private int free = NONE;
  private int inUse;

  /** A row for a new request. */
  public int acquire() {
    inUse++;
    if (free != NONE) {
      int row = free;
      free = next[row];
      next[row] = NONE;
      return row;
    }
    if (rows == arrival.length) {
      grow(rows * 2);
    }
    next[rows] = NONE;
    return rows++;
  }

  /** The request has left the fleet. */
  public void release(int row) {
    inUse--;
    next[row] = free;
    free = row;
  }

  /** Requests in the fleet. */
  public int inUse() {
    return inUse;
  }

  private void grow(int capacity) {
    arrival = Arrays.copyOf(arrival, capacity);
    firstToken = Arrays.copyOf(firstToken, capacity);
    placed = Arrays.copyOf(placed, capacity);
    outputTokens = Arrays.copyOf(outputTokens, capacity);
    number = Arrays.copyOf(number, capacity);
    tokens = Arrays.copyOf(tokens, capacity);
    uncachedTokens = Arrays.copyOf(uncachedTokens, capacity);
    uncachedAtPd = Arrays.copyOf(uncachedAtPd, capacity);
    station = Arrays.copyOf(station, capacity);
    instance = Arrays.copyOf(instance, capacity);
    next = Arrays.copyOf(next, capacity);
  }
}
