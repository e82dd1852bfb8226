package io.membrane.scheduler.simulation.station;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventQueueTest {

  private static final List<EventQueue.Kind> KINDS = List.of(EventQueue.Kind.values());

  private record Scheduled(double at, EventQueue.Kind kind, int subject) {}

  @Test
  void anEmptyQueueHasNoNextTime() {
    assertThat(new EventQueue().nextTime()).isInfinite();
  }

  @Test
  void aSubjectMayBeAsLargeAsPromised() {
    EventQueue queue = new EventQueue();
    queue.schedule(1, EventQueue.Kind.LINK_CHANGES, EventQueue.MAX_SUBJECT);
    long event = queue.take();
    assertThat(EventQueue.kind(event)).isEqualTo(EventQueue.Kind.LINK_CHANGES);
    assertThat(EventQueue.subject(event)).isEqualTo(EventQueue.MAX_SUBJECT);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void eventsComeInTheOrderOfAStablySortedList(long seed) {
    Random random = new Random(seed);
    EventQueue queue = new EventQueue();
    List<Scheduled> oracle = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      if (oracle.isEmpty() || random.nextInt(5) > 1) {
        double at = random.nextInt(40);
        EventQueue.Kind kind = KINDS.get(random.nextInt(KINDS.size()));
        int subject = random.nextInt(1_000_000);
        queue.schedule(at, kind, subject);
        oracle.add(new Scheduled(at, kind, subject));
        oracle.sort(Comparator.comparingDouble(Scheduled::at));
      } else {
        Scheduled expected = oracle.removeFirst();
        assertThat(queue.nextTime()).as("seed %d", seed).isEqualTo(expected.at);
        long event = queue.take();
        assertThat(EventQueue.kind(event)).isEqualTo(expected.kind);
        assertThat(EventQueue.subject(event)).isEqualTo(expected.subject);
      }
      assertThat(queue.size()).isEqualTo(oracle.size());
    }
  }
}
