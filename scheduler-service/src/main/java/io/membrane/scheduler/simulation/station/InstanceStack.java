package io.membrane.scheduler.simulation.station;

import java.util.Arrays;

/** Instances that could take work, the latest on top. Not thread-safe. */
final class InstanceStack {

  private int[] instances = new int[8];
  private int size;

  void push(int instance) {
    if (size == instances.length) {
      instances = Arrays.copyOf(instances, size * 2);
    }
    instances[size++] = instance;
  }

  int pop() {
    return instances[--size];
  }

  int top() {
    return instances[size - 1];
  }

  boolean isEmpty() {
    return size == 0;
  }
}
