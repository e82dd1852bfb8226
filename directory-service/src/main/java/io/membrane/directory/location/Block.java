package io.membrane.directory.location;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.block.TokenSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a token block. Immutable; a change makes a new one.
 *
 * @param parent hash of the block before, or null for a first block
 * @param copies at most one for a place and slice, least recently stored first, never empty
 */
record Block(
    Namespace namespace, @Nullable BlockHash parent, TokenSpan tokenSpan, List<Copy> copies) {

  /** Past it the least recently stored copy of the block is forgotten. */
  static final int MAX_COPIES = 1024;

  Block {
    copies = List.copyOf(copies);
  }

  /** The copies after {@code added} was stored. */
  List<Copy> copiesWith(Copy added) {
    List<Copy> next = new ArrayList<>(copies.size() + 1);
    for (Copy c : copies) {
      if (!(c.place().equals(added.place()) && c.slice().equals(added.slice()))) {
        next.add(c);
      }
    }
    if (next.size() == MAX_COPIES) {
      next.removeFirst();
    }
    next.add(added);
    return next;
  }

  /** This block without the copies that are {@code gone}, or null if none is left. */
  @Nullable Block without(Predicate<Copy> gone) {
    List<Copy> left = copies.stream().filter(gone.negate()).toList();
    if (left.size() == copies.size()) {
      return this;
    }
    return left.isEmpty() ? null : new Block(namespace, parent, tokenSpan, left);
  }
}
