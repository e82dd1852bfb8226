package io.membrane.worker.batch;

import io.membrane.worker.batch.Work.Readiness;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Whose chunk is next.
 *
 * <p>Goals: a short prompt does not wait behind a long one, no prompt waits for ever, the engine is
 * never idle while there is a prompt, and the KV of all prompts that have begun fits in memory.
 *
 * <p>Algorithm: shortest remaining first (L. E. Schrage, "A proof of the optimality of the shortest
 * remaining processing time discipline", Operations Research 16 (1968)); but every fourth turn
 * belongs to the prompt that came first. So that one has a quarter of the engine at least, and ends
 * whatever comes after it. A prompt begins when its turn comes and its KV fits. The first that did
 * not fit has a claim: a later one begins only where it leaves room enough for it beside all that
 * came later, so that those that came before it end and it begins. A prompt that waits for
 * something else is passed over, and one whose next chunk may turn out not to be needed goes alone
 * and only where no other has a chunk to compute.
 *
 * <p>Not thread-safe.
 *
 * @param <E> the prompts
 */
final class Turns<E> {

  /** One turn of so many is the first comer's. */
  static final int FIRST_COMERS_TURN = 4;

  /** What is asked of a prompt. */
  interface Measures<E> {
    int kvTokens(E prompt);

    int remainingTokens(E prompt);

    int nextTokens(E prompt);

    /** Whether its chunk is wanted. */
    default Readiness readiness(E prompt) {
      return Readiness.READY;
    }
  }

  private static final class Seat<E> {
    final E prompt;
    final int kvTokens;
    boolean begun;

    Seat(E prompt, int kvTokens) {
      this.prompt = prompt;
      this.kvTokens = kvTokens;
    }
  }

  private final int kvTokens;
  private final int batchTokens;
  private final Measures<E> measures;
  private final List<Seat<E>> seats = new ArrayList<>();
  private long turn;

  Turns(int kvTokens, int batchTokens, Measures<E> measures) {
    this.kvTokens = kvTokens;
    this.batchTokens = batchTokens;
    this.measures = measures;
  }

  void add(E prompt) {
    seats.add(new Seat<>(prompt, measures.kvTokens(prompt)));
  }

  void remove(E prompt) {
    seats.removeIf(seat -> seat.prompt.equals(prompt));
  }

  /** All prompts, first comers first. */
  List<E> all() {
    return seats.stream().map(seat -> seat.prompt).toList();
  }

  /** Those that have not begun, first comers first. */
  List<E> waiting() {
    return seats.stream().filter(seat -> !seat.begun).map(seat -> seat.prompt).toList();
  }

  /** Whether a prompt has begun. */
  boolean hasBegun(E prompt) {
    return seats.stream().anyMatch(seat -> seat.prompt.equals(prompt) && seat.begun);
  }

  /**
   * The prompts whose chunks are to be computed together; they count as begun. Empty if there is no
   * prompt, or none has a chunk to compute now.
   */
  List<E> next() {
    List<E> batch = next(seats(Readiness.READY), batchTokens);
    return batch.isEmpty() ? next(seats(Readiness.IF_IDLE), 0) : batch;
  }

  private List<Seat<E>> seats(Readiness readiness) {
    return seats.stream().filter(seat -> measures.readiness(seat.prompt) == readiness).toList();
  }

  private List<E> next(List<Seat<E>> among, int tokens) {
    List<E> batch = new ArrayList<>();
    boolean isFirstComers = turn % FIRST_COMERS_TURN == 0;
    Seat<E> first = isFirstComers ? firstComer(among) : shortest(among, batch, Integer.MAX_VALUE);
    turn += first == null ? 0 : 1;
    int room = tokens;
    for (Seat<E> seat = first; seat != null; seat = shortest(among, batch, room)) {
      seat.begun = true;
      batch.add(seat.prompt);
      room -= measures.nextTokens(seat.prompt);
    }
    return batch;
  }

  private @Nullable Seat<E> firstComer(List<Seat<E>> among) {
    Room room = room();
    return among.stream().filter(room::takes).findFirst().orElse(null);
  }

  private @Nullable Seat<E> shortest(List<Seat<E>> among, List<E> chosen, int tokens) {
    if (tokens <= 0) {
      return null;
    }
    Room room = room();
    ToIntFunction<Seat<E>> remaining = seat -> measures.remainingTokens(seat.prompt);
    return among.stream()
        .filter(seat -> measures.nextTokens(seat.prompt) <= tokens)
        .filter(seat -> !chosen.contains(seat.prompt))
        .filter(room::takes)
        .min(Comparator.comparingInt(remaining))
        .orElse(null);
  }

  /**
   * What is left of the memory.
   *
   * @param claim the first that has not begun
   * @param free tokens that nobody holds
   * @param freeBesideClaim tokens that are left once all that came before the claim have ended and
   *     it has begun
   */
  private record Room(@Nullable Seat<?> claim, long free, long freeBesideClaim) {

    boolean takes(Seat<?> seat) {
      return seat.begun
          || (seat.kvTokens <= free && (seat.equals(claim) || seat.kvTokens <= freeBesideClaim));
    }
  }

  private Room room() {
    long held = 0;
    long heldByLater = 0;
    Seat<E> claim = null;
    for (Seat<E> seat : seats) {
      if (seat.begun) {
        held += seat.kvTokens;
        heldByLater += claim == null ? 0 : seat.kvTokens;
      } else if (claim == null) {
        claim = seat;
      }
    }
    long claimed = claim == null ? 0 : claim.kvTokens;
    return new Room(claim, kvTokens - held, kvTokens - heldByLater - claimed);
  }
}
