package io.membrane.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.cli.fleet.FleetState.MemberState;
import io.membrane.cli.machine.KnownProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FleetStateTest {

  @TempDir private Path folder;

  @Test
  void whatIsSavedIsLoadedAgain() {
    FleetState state =
        new FleetState(
            URI.create("redis://127.0.0.1:8086"),
            List.of(
                member(Member.REDIS, 17, Instant.parse("2026-11-21T01:02:03.450Z")),
                member(Member.GATEWAY, 4_000_000_000L, Instant.EPOCH)));

    state.save(folder);

    assertThat(FleetState.load(folder)).contains(state);
  }

  @Test
  void whereNothingWasStartedNothingIsKnown() {
    assertThat(FleetState.load(folder)).isEmpty();

    new FleetState(URI.create("redis://r"), List.of()).save(folder);
    FleetState.clear(folder);
    FleetState.clear(folder);

    assertThat(FleetState.load(folder)).isEmpty();
  }

  @Test
  void anUnreadableFileIsReportedWithWhatToDo() throws IOException {
    Files.writeString(folder.resolve("fleet.json"), "{\"redis\":");

    assertThatThrownBy(() -> FleetState.load(folder))
        .isInstanceOfSatisfying(
            FleetProblem.class,
            problem -> {
              assertThat(problem).hasMessageContaining("fleet.json");
              assertThat(problem.advice()).contains("delete");
            });
  }

  @Test
  void processesThatEndedOrBelongToOthersNowDoNotCountAsRunning() {
    KnownProcess self = KnownProcess.of(ProcessHandle.current());
    FleetState state =
        new FleetState(
            URI.create("redis://r"),
            List.of(
                new MemberState(Member.REDIS, self, 1, 1, folder),
                member(Member.GATEWAY, self.pid(), self.started().minusSeconds(60)),
                member(Member.COMPUTE, Long.MAX_VALUE, Instant.EPOCH)));

    assertThat(state.running()).extracting(MemberState::member).containsExactly(Member.REDIS);
  }

  @Test
  void aMemberThatIsStartedAgainReplacesItself() {
    FleetState state =
        new FleetState(URI.create("redis://r"), List.of())
            .with(member(Member.REDIS, 1, Instant.EPOCH))
            .with(member(Member.GATEWAY, 2, Instant.EPOCH))
            .with(member(Member.REDIS, 3, Instant.EPOCH));

    assertThat(state.members()).hasSize(2);
    assertThat(state.of(Member.REDIS).orElseThrow().process().pid()).isEqualTo(3);
  }

  @Test
  void aStaleFleetIsCleanedAwayWithoutTouchingAnybody() {
    KnownProcess self = KnownProcess.of(ProcessHandle.current());
    FleetState stale =
        new FleetState(
            URI.create("redis://r"),
            List.of(member(Member.GATEWAY, self.pid(), self.started().minus(Duration.ofDays(1)))));

    Fleet.stop(stale, Progress.SILENT);

    assertThat(self.runs()).isTrue();
  }

  private MemberState member(Member member, long pid, Instant started) {
    return new MemberState(
        member,
        new KnownProcess(pid, started),
        member.port(8080),
        member.port(8080),
        folder.resolve("log"));
  }
}
