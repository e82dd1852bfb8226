package io.membrane.scheduler.kubernetes;

import java.util.List;

/**
 * A workload as it was read.
 *
 * @param replicas what it is asked to have
 * @param resourceVersion of that; a write with an older one is refused
 * @param pods how many of its pods may hold an accelerator: every one that has not ended, the
 *     terminating included, and no fewer than its status counts
 * @param terminating names of the pods that have been told to end and have not ended
 */
record Observed(
    ScaleTarget target, int replicas, String resourceVersion, int pods, List<String> terminating) {

  private static final int NAMED = 3;

  Observed {
    terminating = List.copyOf(terminating);
  }

  /** Whether pods that it should no longer have are still there. */
  boolean surplus() {
    return pods > replicas;
  }

  /** For a person: which pods are still to go. */
  String surplusWords() {
    String words = "%s has %d of %d pods to lose".formatted(target, pods - replicas, pods);
    if (terminating.isEmpty()) {
      return words;
    }
    String names = String.join(", ", terminating.subList(0, Math.min(NAMED, terminating.size())));
    return words
        + " (terminating: "
        + names
        + (terminating.size() > NAMED ? " and " + (terminating.size() - NAMED) + " more)" : ")");
  }
}
