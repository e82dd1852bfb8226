package io.membrane.fragment.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** One reconciliation from its first question to its end, with every byte counted. */
final class Exchange {

  private static final int MANY = 1_000_000;

  private final List<Difference> told = new ArrayList<>();
  private final Reconciliation reconciliation;
  private final int limit;
  private int rounds;
  private long bytes;

  Exchange(Inventory here, int limit) {
    this(here, limit, MANY);
  }

  Exchange(Inventory here, int limit, int questions) {
    this.limit = limit;
    this.reconciliation = new Reconciliation(here, limit, questions, new Random(limit), told::add);
  }

  /** Asks until nothing is left to ask; {@code afterwards} runs after each answer. */
  Exchange with(Inventory there, Runnable afterwards) {
    Optional<byte[]> question = reconciliation.question();
    while (question.isPresent()) {
      byte[] answer = there.answer(question.get());
      assertThat(answer.length).isLessThanOrEqualTo(limit + 64);
      assertThat(question.get().length).isLessThanOrEqualTo(2 * limit);
      rounds++;
      bytes += question.get().length + answer.length;
      reconciliation.answer(answer);
      afterwards.run();
      question = reconciliation.question();
    }
    return this;
  }

  Exchange with(Inventory there) {
    return with(there, () -> {});
  }

  /** What was told; nothing twice. */
  Set<Difference> differences() {
    Set<Difference> once = new HashSet<>(told);
    assertThat(once).hasSameSizeAs(told);
    return once;
  }

  Reconciliation reconciliation() {
    return reconciliation;
  }

  int rounds() {
    return rounds;
  }

  long bytes() {
    return bytes;
  }
}
