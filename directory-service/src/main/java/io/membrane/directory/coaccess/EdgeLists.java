package io.membrane.directory.coaccess;

import io.membrane.directory.coaccess.Related.Kind;
import java.util.Arrays;

/**
 * Lists of edges, each with a target, a kind and a weight. Edges are numbers, which are given again
 * once they are free. Not thread-safe.
 */
final class EdgeLists {

  /** The end of a list. */
  static final int NONE = -1;

  private static final int FIRST_ROOM = 64;

  private int[] ends = new int[FIRST_ROOM];
  private float[] weights = new float[FIRST_ROOM];
  private int[] next = new int[FIRST_ROOM];
  private int free = NONE;
  private int end;
  private int size;

  /** How many edges there are. */
  int size() {
    return size;
  }

  int target(int edge) {
    return ends[edge] >> 1;
  }

  Kind kind(int edge) {
    return (ends[edge] & 1) == 0 ? Kind.NEXT : Kind.TOGETHER;
  }

  float weight(int edge) {
    return weights[edge];
  }

  int next(int edge) {
    return next[edge];
  }

  boolean leads(int edge, int target, Kind kind) {
    return ends[edge] == end(target, kind);
  }

  void weigh(int edge, float weight) {
    weights[edge] = weight;
  }

  void lead(int edge, int target, Kind kind) {
    ends[edge] = end(target, kind);
  }

  void link(int edge, int following) {
    next[edge] = following;
  }

  /** A new edge of no weight before {@code following}. */
  int add(int target, Kind kind, int following) {
    int edge = free;
    if (edge == NONE) {
      edge = end++;
      if (edge == ends.length) {
        ends = Arrays.copyOf(ends, 2 * edge);
        weights = Arrays.copyOf(weights, 2 * edge);
        next = Arrays.copyOf(next, 2 * edge);
      }
    } else {
      free = next[edge];
    }
    lead(edge, target, kind);
    weights[edge] = 0;
    next[edge] = following;
    size++;
    return edge;
  }

  /** Frees an edge that no list holds. */
  void remove(int edge) {
    next[edge] = free;
    free = edge;
    size--;
  }

  private static int end(int target, Kind kind) {
    return target << 1 | (kind == Kind.NEXT ? 0 : 1);
  }
}
