package io.membrane.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FollowerTest {

  private final List<String> heard = Collections.synchronizedList(new ArrayList<>());
  private final ComputeLane<FakeWork> lane =
      new ComputeLane<>(
          new Limits(2, 100, 200, 1),
          works -> {},
          new PrefillTimes(),
          new Told(heard),
          Duration.ofSeconds(30));

  @AfterEach
  void close() {
    lane.close();
  }

  @Test
  void whoeverHandsWorkInHearsOfEachOfItsStepsBeforeItEnds() {
    String _ = lane.run(new FakeWork("prompt", 3));
    String caller = Thread.currentThread().getName();
    assertThat(heard).containsExactly(caller + " 1", caller + " 1", caller + " 1");
  }

  @Test
  void anErrandIsHeardOfAsOnePart() {
    String _ = lane.call(1, () -> "done");
    assertThat(heard).containsExactly(Thread.currentThread().getName() + " 0");
  }

  private record Told(List<String> heard) implements Stepped {

    @Override
    public void stepped(int prompts, long nanos) {}

    @Override
    public Follower follower() {
      String caller = Thread.currentThread().getName();
      return (tokens, _, _) -> heard.add(caller + " " + tokens);
    }
  }
}
