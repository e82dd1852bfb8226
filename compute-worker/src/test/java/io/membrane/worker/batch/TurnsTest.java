package io.membrane.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TurnsTest {

  private static final int CHUNK = 256;
  private static final int LONG = 131_072;
  private static final int PLENTY = 1 << 30;

  /** A prompt as the schedule sees it; its KV counts once it has begun. */
  private static final class Prompt implements Turns.Measures<Prompt> {
    final int length;
    int done;
    boolean begun;

    Prompt(int length) {
      this.length = length;
    }

    int chunk() {
      return Math.min(CHUNK, length - done);
    }

    @Override
    public int kvTokens(Prompt prompt) {
      return prompt.length;
    }

    @Override
    public int remainingTokens(Prompt prompt) {
      return prompt.length - prompt.done;
    }

    @Override
    public int nextTokens(Prompt prompt) {
      return prompt.chunk();
    }
  }

  private static Turns<Prompt> turns(int kvTokens, int batchTokens) {
    return new Turns<>(kvTokens, batchTokens, new Prompt(0));
  }

  /** One turn; the prompts that ended in it have left. */
  private static List<Prompt> turn(Turns<Prompt> turns) {
    List<Prompt> batch = turns.next();
    for (Prompt prompt : batch) {
      prompt.begun = true;
      prompt.done += prompt.chunk();
      if (prompt.done == prompt.length) {
        turns.remove(prompt);
      }
    }
    return batch;
  }

  @Test
  void withoutPromptsThereIsNoTurn() {
    assertThat(turns(PLENTY, 1).next()).isEmpty();
  }

  @Test
  void aShortPromptDoesNotWaitBehindALongOne() {
    Turns<Prompt> turns = turns(PLENTY, 1);
    turns.add(new Prompt(LONG));
    IntStream.range(0, 100).forEach(i -> turn(turns));
    Prompt late = new Prompt(6 * CHUNK);
    turns.add(late);
    int taken = 0;
    while (late.done < late.length) {
      turn(turns);
      taken++;
    }
    assertThat(taken).isLessThanOrEqualTo(8);
  }

  @Test
  void aLongPromptEndsUnderShortOnesThatNeverCease() {
    Turns<Prompt> turns = turns(2 * LONG, 1);
    Prompt patient = new Prompt(40 * CHUNK);
    turns.add(patient);
    int taken = 0;
    while (patient.done < patient.length && taken < 1_000) {
      turns.add(new Prompt(CHUNK));
      turn(turns);
      taken++;
    }
    assertThat(taken).isLessThanOrEqualTo(40 * Turns.FIRST_COMERS_TURN);
  }

  @Test
  void aPromptThatNeedsAllMemoryBeginsUnderShortOnesThatNeverCease() {
    Turns<Prompt> turns = turns(LONG, 1);
    IntStream.range(0, 8).forEach(i -> turns.add(new Prompt(LONG / 8)));
    Prompt large = new Prompt(LONG);
    turns.add(large);
    int taken = 0;
    while (!large.begun && taken < 100_000) {
      turns.add(new Prompt(CHUNK));
      turn(turns);
      taken++;
    }
    assertThat(large.begun).isTrue();
    assertThat(taken).isLessThanOrEqualTo(Turns.FIRST_COMERS_TURN * LONG / CHUNK);
  }

  @Test
  void severalShortPromptsGoThroughTogether() {
    Turns<Prompt> turns = turns(PLENTY, 2 * CHUNK);
    turns.add(new Prompt(LONG));
    Prompt a = new Prompt(100);
    Prompt b = new Prompt(150);
    turns.add(a);
    turns.add(b);
    assertThat(turn(turns)).hasSize(3).endsWith(a, b);
  }

  /** The schedule against what must hold of any. */
  @Test
  void memoryIsKeptNothingStandsIdleAndEveryPromptEnds() {
    Seeds.forAll(50, this::holds);
  }

  private void holds(RandomGenerator random) {
    int longest = CHUNK * (1 + random.nextInt(40));
    int kvTokens = longest * (1 + random.nextInt(3));
    int batchTokens = random.nextBoolean() ? 1 : CHUNK * (1 + random.nextInt(4));
    Turns<Prompt> turns = turns(kvTokens, batchTokens);
    List<Prompt> living = new ArrayList<>();
    long work = 0;
    long done = 0;
    for (int round = 0; round < 400 || !living.isEmpty(); round++) {
      if (round < 400 && random.nextInt(6) == 0) {
        Prompt prompt = new Prompt(1 + random.nextInt(longest));
        turns.add(prompt);
        living.add(prompt);
        work += prompt.length;
      }
      long before = living.stream().mapToLong(p -> p.done).sum();
      List<Prompt> batch = turn(turns);
      assertThat(batch.isEmpty()).isEqualTo(living.isEmpty());
      assertThat(batch).doesNotHaveDuplicates();
      long after = living.stream().mapToLong(p -> p.done).sum();
      assertThat(after - before).isLessThanOrEqualTo(Math.max(CHUNK, batchTokens));
      done += after - before;
      assertThat(living.stream().filter(p -> p.begun).mapToLong(p -> p.length).sum())
          .isLessThanOrEqualTo(kvTokens);
      living.removeIf(p -> p.done == p.length);
      assertThat(round).as("rounds until all have ended").isLessThan(100_000);
    }
    assertThat(done).isEqualTo(work);
  }
}
