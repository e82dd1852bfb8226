package io.membrane.fragment.inventory;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Finds how what another node holds differs from what this one holds, in questions that {@link
 * Inventory#answer} answers there:
 *
 * <pre>{@code
 * for (var q = r.question(); q.isPresent(); q = r.question()) {
 *   r.answer(send(q.get()));
 * }
 * }</pre>
 *
 * A question stays the same until it is answered, so that it can be sent again, and to another
 * replica. Both sides may change meanwhile. Then a difference may be told that is gone, one that
 * came late may be missed until the next reconciliation, and still every answer brings the end
 * nearer. For one thread at a time.
 */
public final class Reconciliation {

  private final Steps steps;
  private int questionsLeft;
  private @Nullable Asked asked;

  /**
   * Begins.
   *
   * @param inventory what this node holds
   * @param answerBytes that an answer may have, about, in [4 KiB, 4 MiB]
   * @param questions that may be asked, ≥ 1
   * @param random gives the nonce; unpredictable to whoever names fragments
   * @param found is told every difference, within {@link #answer}
   */
  public Reconciliation(
      Inventory inventory,
      int answerBytes,
      int questions,
      RandomGenerator random,
      Consumer<Difference> found) {
    if (answerBytes < Question.MIN_LIMIT || answerBytes > Question.MAX_LIMIT || questions < 1) {
      throw new IllegalArgumentException(
          "a reconciliation has answers of 4 KiB to 4 MiB and at least one question, not %d and %d"
              .formatted(answerBytes, questions));
    }
    this.questionsLeft = questions;
    Nonce nonce = new Nonce(random.nextLong(), random.nextLong());
    this.steps = new Steps(inventory, nonce, answerBytes, found);
  }

  /**
   * The next question, or none if all is known or no more may be asked.
   *
   * @see #isComplete
   */
  public Optional<byte[]> question() {
    if (asked == null && !steps.isDone() && questionsLeft > 0) {
      questionsLeft--;
      asked = steps.next();
    }
    return Optional.ofNullable(asked).map(a -> Codec.encode(a.question()));
  }

  /** Whether every difference was told. */
  public boolean isComplete() {
    return asked == null && steps.isDone();
  }

  /**
   * Takes the answer to {@link #question}.
   *
   * @throws IllegalArgumentException if these bytes are not an answer to it; then nothing was told,
   *     and the question stands
   * @throws IllegalStateException if nothing was asked
   */
  public void answer(byte[] answer) {
    Asked open = asked;
    if (open == null) {
      throw new IllegalStateException("an answer needs a question");
    }
    steps.take(open, answer);
    asked = null;
  }
}
