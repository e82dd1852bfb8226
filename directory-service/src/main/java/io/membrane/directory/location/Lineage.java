package io.membrane.directory.location;

/**
 * Which block follows which. The children of a block are a list, the latest first; the first one's
 * previous is the last one. A child is always one block further on in the same namespace, so there
 * is no way round. Writer only.
 */
final class Lineage {

  private final Records records;

  Lineage(Records records) {
    this.records = records;
  }

  /** Makes a block a child of another; not if they cannot follow each other. */
  void link(int child, int parent) {
    if (records.parent(child) == parent) {
      return;
    }
    unlink(child);
    if (records.namespace(child) != records.namespace(parent)
        || records.blockIndex(child) != records.blockIndex(parent) + 1) {
      return;
    }
    int first = records.firstChild(parent);
    records.setNext(child, first);
    if (first == 0) {
      records.setPrevious(child, child);
    } else {
      records.setPrevious(child, records.previous(first));
      records.setPrevious(first, child);
    }
    records.setParent(child, parent);
    records.setFirstChild(parent, child);
  }

  /** Takes a block away from its parent, if it has one. */
  void unlink(int child) {
    int parent = records.parent(child);
    if (parent == 0) {
      return;
    }
    int first = records.firstChild(parent);
    int next = records.next(child);
    int previous = records.previous(child);
    if (child == first) {
      records.setFirstChild(parent, next);
    } else {
      records.setNext(previous, next);
    }
    if (next != 0) {
      records.setPrevious(next, previous);
    } else if (child != first) {
      records.setPrevious(first, previous);
    }
    leaveAlone(child);
  }

  /** Takes all children away; each was linked by an event of its own, which pays for it. */
  void unlinkChildren(int parent) {
    int child = records.firstChild(parent);
    records.setFirstChild(parent, 0);
    while (child != 0) {
      int next = records.next(child);
      leaveAlone(child);
      child = next;
    }
  }

  private void leaveAlone(int child) {
    records.setNext(child, 0);
    records.setPrevious(child, 0);
    records.setParent(child, 0);
  }
}
