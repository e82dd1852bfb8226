package io.membrane.scheduler.simulation.station;

/** Requests that wait for a station, first in, first out. Not thread-safe. */
final class Waiting {

  private final Requests requests;
  private int first = Requests.NONE;
  private int last = Requests.NONE;
  private int size;
  private long tokens;

  Waiting(Requests requests) {
    this.requests = requests;
  }

  void add(int row) {
    requests.next[row] = Requests.NONE;
    if (first == Requests.NONE) {
      first = row;
    } else {
      requests.next[last] = row;
    }
    last = row;
    size++;
    tokens += requests.uncachedTokens[row];
  }

  /** The one that has waited longest; there must be one. */
  int first() {
    return first;
  }

  int take() {
    int row = first;
    first = requests.next[row];
    if (first == Requests.NONE) {
      last = Requests.NONE;
    }
    requests.next[row] = Requests.NONE;
    size--;
    tokens -= requests.uncachedTokens[row];
    return row;
  }

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  /** Uncached tokens of all that wait. */
  long tokens() {
    return tokens;
  }
}
