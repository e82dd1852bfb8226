package io.membrane.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class KnownProcessTest {

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  @TempDir private Path folder;

  @Test
  void aProcessIsKnownWhileItRuns() throws IOException {
    KnownProcess process = start("sleep", "60");

    assertThat(process.runs()).isTrue();
    assertThat(process.residentBytes().orElse(0)).isPositive();

    process.stop(PATIENCE);

    assertThat(process.runs()).isFalse();
    assertThat(process.residentBytes()).isEmpty();
  }

  @Test
  void anotherProcessWithARecycledIdIsNotTakenForOursAndNotEnded() throws IOException {
    KnownProcess other = start("sleep", "60");
    KnownProcess recycled = new KnownProcess(other.pid(), other.started().minusSeconds(3600));

    assertThat(recycled.runs()).isFalse();
    recycled.stop(PATIENCE);
    recycled.kill();
    recycled.signal("STOP");

    assertThat(other.runs()).isTrue();
    other.kill();
  }

  @Test
  void aProcessThatDoesNotWantToEndIsEnded() throws IOException {
    KnownProcess stubborn =
        start("sh", "-c", "trap '' TERM; echo ready; while true; do sleep 0.1; done");
    await().atMost(PATIENCE).until(() -> Files.readString(log()).contains("ready"));

    stubborn.stop(Duration.ofMillis(300));

    assertThat(stubborn.runs()).isFalse();
  }

  @Test
  void whatAProcessSaysIsInItsLog() throws IOException {
    start("sh", "-c", "echo out; echo err >&2");

    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(log()).content().contains("out").contains("err"));
  }

  @Test
  void aProcessThatHasEndedIsNotAlive() throws IOException {
    KnownProcess process = start("true");

    await().atMost(PATIENCE).until(() -> !process.runs());
    assertThat(process.handle()).isEmpty();
  }

  private KnownProcess start(String... command) throws IOException {
    return KnownProcess.start(List.of(command), folder, log());
  }

  private Path log() {
    return folder.resolve("log");
  }
}
