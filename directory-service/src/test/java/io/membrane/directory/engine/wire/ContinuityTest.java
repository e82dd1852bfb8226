package io.membrane.directory.engine.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ContinuityTest {

  private static byte[] payload(int life, long sequence) {
    return ByteBuffer.allocate(12).putInt(life).putLong(sequence).array();
  }

  private static String text(byte[] payload) {
    ByteBuffer words = ByteBuffer.wrap(payload);
    return words.getInt() + ":" + words.getLong();
  }

  /** Writes down what is to be done. */
  private static final class Applied implements Continuity.Steps {

    final List<String> messages = new ArrayList<>();
    final List<Long> asked = new ArrayList<>();

    @Override
    public void apply(byte[] payload) {
      messages.add(text(payload));
    }

    @Override
    public void clear() {
      messages.clear();
    }

    @Override
    public void askReplay(long from) {
      asked.add(from);
    }
  }

  private final Applied applied = new Applied();

  private Continuity connected(boolean canReplay) {
    Continuity continuity = new Continuity(canReplay, applied);
    continuity.connected();
    return continuity;
  }

  @Test
  void aLateSubscriberHearsAllFromTheReplay() {
    Continuity continuity = connected(true);
    continuity.live(2, payload(1, 2));
    continuity.live(3, payload(1, 3));
    continuity.replayed(0, payload(1, 0));
    continuity.replayed(1, payload(1, 1));
    continuity.replayed(2, payload(1, 2));
    continuity.replayEnded();
    assertThat(applied.messages).containsExactly("1:0", "1:1", "1:2", "1:3");
    assertThat(applied.asked).containsExactly(0L);
  }

  @Test
  void aGapIsAskedForFromTheLastMessage() {
    Continuity continuity = connected(true);
    continuity.replayEnded();
    continuity.live(0, payload(1, 0));
    continuity.live(2, payload(1, 2));
    assertThat(applied.asked).containsExactly(0L, 0L);
    continuity.replayed(0, payload(1, 0));
    continuity.replayed(1, payload(1, 1));
    continuity.replayed(2, payload(1, 2));
    continuity.replayEnded();
    continuity.live(3, payload(1, 3));
    assertThat(applied.messages).containsExactly("1:0", "1:1", "1:2", "1:3");
    assertThat(continuity.counts()).isEqualTo(new Continuity.Counts(1, 0, 0));
  }

  @Test
  void aPublisherThatRestartedAndOvertookItselfIsSeenAtTheReconnect() {
    Continuity continuity = connected(true);
    continuity.replayed(0, payload(1, 0));
    continuity.replayed(1, payload(1, 1));
    continuity.replayEnded();
    continuity.connected();
    continuity.live(2, payload(2, 2));
    continuity.replayed(1, payload(2, 1));
    assertThat(applied.asked).containsExactly(0L, 1L, 0L);
    continuity.replayed(0, payload(2, 0));
    continuity.replayed(1, payload(2, 1));
    continuity.replayed(2, payload(2, 2));
    continuity.replayEnded();
    assertThat(applied.messages).containsExactly("2:0", "2:1", "2:2");
    assertThat(continuity.counts().restarts()).isOne();
  }

  @Test
  void aPublisherThatRestartedAndIsNotAsFarHasNothingToRepeat() {
    Continuity continuity = connected(true);
    continuity.replayed(0, payload(1, 0));
    continuity.replayed(1, payload(1, 1));
    continuity.replayEnded();
    continuity.live(0, payload(2, 0));
    continuity.replayEnded();
    continuity.replayed(0, payload(2, 0));
    continuity.replayEnded();
    assertThat(applied.messages).containsExactly("2:0");
  }

  @Test
  void whatTheBufferNoLongerHasIsClearedAndTheRestTaken() {
    Continuity continuity = connected(true);
    continuity.replayed(0, payload(1, 0));
    continuity.replayEnded();
    continuity.live(9, payload(1, 9));
    continuity.replayed(7, payload(1, 7));
    continuity.replayed(8, payload(1, 8));
    continuity.replayed(9, payload(1, 9));
    continuity.replayEnded();
    assertThat(applied.messages).containsExactly("1:7", "1:8", "1:9");
  }

  @Test
  void aMessageThatComesTwiceIsTakenOnce() {
    Continuity continuity = connected(false);
    continuity.live(0, payload(1, 0));
    continuity.live(1, payload(1, 1));
    continuity.live(0, payload(1, 0));
    continuity.live(1, payload(1, 1));
    assertThat(applied.messages).containsExactly("1:0", "1:1");
    assertThat(continuity.counts()).isEqualTo(new Continuity.Counts(0, 2, 0));
  }

  @Test
  void withoutAReplayAHoleAndAStepBackClear() {
    Continuity continuity = connected(false);
    continuity.live(4, payload(1, 4));
    continuity.live(6, payload(1, 6));
    assertThat(applied.messages).containsExactly("1:6");
    continuity.live(0, payload(2, 0));
    assertThat(applied.messages).containsExactly("2:0");
    assertThat(continuity.counts()).isEqualTo(new Continuity.Counts(1, 0, 1));
  }

  @Test
  void aReplayThatDoesNotComeLeavesWhatIsHeardFromNowOn() {
    Continuity continuity = connected(true);
    continuity.replayFailed();
    continuity.live(5, payload(1, 5));
    continuity.replayFailed();
    continuity.live(6, payload(1, 6));
    assertThat(applied.messages).containsExactly("1:5", "1:6");
  }

  @Test
  void anEngineThatIsLostHoldsNothing() {
    Continuity continuity = connected(true);
    continuity.replayed(0, payload(1, 0));
    continuity.lost();
    assertThat(applied.messages).isEmpty();
    continuity.connected();
    assertThat(applied.asked).containsExactly(0L, 0L);
  }

  @Test
  void sequencesAreUnsigned() {
    Continuity continuity = connected(false);
    continuity.live(Long.MAX_VALUE, payload(1, 0));
    continuity.live(Long.MIN_VALUE, payload(1, 1));
    assertThat(applied.messages).containsExactly("1:0", "1:1");
  }

  /** A publisher behind a line that loses, repeats and breaks. */
  private static final class Line {

    final Applied applied = new Applied();
    final Continuity continuity;
    private final RandomGenerator random;
    private final int bufferSteps;
    private final Deque<Long> asked = new ArrayDeque<>();
    private final List<byte[]> said = new ArrayList<>();
    private int life = 1;

    Line(RandomGenerator random, int bufferSteps) {
      this.random = random;
      this.bufferSteps = bufferSteps;
      this.continuity =
          new Continuity(
              true,
              new Continuity.Steps() {
                @Override
                public void apply(byte[] payload) {
                  applied.apply(payload);
                }

                @Override
                public void clear() {
                  applied.clear();
                }

                @Override
                public void askReplay(long from) {
                  asked.clear();
                  asked.add(from);
                }
              });
      continuity.connected();
    }

    void step() {
      switch (random.nextInt(12)) {
        case 0 -> publish(false);
        case 1 -> repeat();
        case 2, 3, 4 -> answer();
        case 5 -> restart();
        case 6 -> continuity.connected();
        default -> publish(true);
      }
    }

    private void publish(boolean arrives) {
      said.add(payload(life, said.size()));
      if (arrives) {
        continuity.live(said.size() - 1, said.getLast());
      }
    }

    private void repeat() {
      if (!said.isEmpty()) {
        int again = random.nextInt(said.size());
        continuity.live(again, said.get(again));
      }
    }

    /** All that a replay sends, cut by one that is asked meanwhile. */
    private void answer() {
      Long from = asked.poll();
      if (from == null) {
        return;
      }
      for (int i = Math.max(0, said.size() - bufferSteps); i < said.size(); i++) {
        if (i >= from && asked.isEmpty()) {
          continuity.replayed(i, said.get(i));
        }
      }
      if (asked.isEmpty()) {
        continuity.replayEnded();
      }
    }

    private void restart() {
      if (random.nextInt(4) > 0) {
        return;
      }
      life++;
      said.clear();
      for (int i = random.nextInt(20); i > 0; i--) {
        publish(false);
      }
      continuity.connected();
    }

    void settle() {
      publish(true);
      for (int i = 0; i < 200 && !asked.isEmpty(); i++) {
        answer();
      }
      assertThat(continuity.isReplaying()).as("it settles").isFalse();
    }

    List<String> said() {
      return said.stream().map(ContinuityTest::text).toList();
    }
  }

  @Test
  void whateverTheLineDoesAllIsKnownInTheEndIfTheBufferHadIt() {
    Seeds.forAll(
        2_000,
        random -> {
          Line line = new Line(random, Integer.MAX_VALUE);
          for (int i = 0; i < 60; i++) {
            line.step();
          }
          line.settle();
          assertThat(line.applied.messages).isEqualTo(line.said());
        });
  }

  @Test
  void withAShortBufferTheEndIsKnownWithoutHolesAndNothingElse() {
    Seeds.forAll(
        2_000,
        random -> {
          Line line = new Line(random, 1 + random.nextInt(5));
          for (int i = 0; i < 60; i++) {
            line.step();
          }
          line.settle();
          List<String> said = line.said();
          int known = line.applied.messages.size();
          assertThat(known).isBetween(1, said.size());
          assertThat(line.applied.messages)
              .isEqualTo(said.subList(said.size() - known, said.size()));
        });
  }
}
