package io.membrane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.cli.fleet.FleetState;
import io.membrane.cli.fleet.FleetState.MemberState;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.machine.KnownProcess;
import io.membrane.cli.machine.Port;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTableTest {

  @Test
  void itTellsWhatRunsFromWhatHasEnded() {
    KnownProcess self = KnownProcess.of(ProcessHandle.current());
    Path log = Path.of("log");
    FleetState fleet =
        new FleetState(
            URI.create("redis://r"),
            List.of(
                new MemberState(Member.REDIS, self, Port.free(1).getFirst(), 1, log),
                new MemberState(
                    Member.GATEWAY,
                    new KnownProcess(Long.MAX_VALUE, Instant.EPOCH),
                    8080,
                    8090,
                    log)));

    List<String> rows = StatusTable.of(fleet, self.started().plusSeconds(65)).lines().toList();

    assertThat(rows).hasSize(4);
    assertThat(rows.get(1)).startsWith("redis").contains("not ready", " MiB", "1m 05s");
    assertThat(rows.get(2)).startsWith("gateway").contains("8080 ended");
    assertThat(rows.get(3)).startsWith("together").endsWith(" MiB");
  }

  @Test
  void timesAreInWords() {
    assertThat(StatusTable.inWords(Duration.ofSeconds(59))).isEqualTo("59s");
    assertThat(StatusTable.inWords(Duration.ofSeconds(60))).isEqualTo("1m 00s");
    assertThat(StatusTable.inWords(Duration.ofMinutes(125))).isEqualTo("2h 05m");
  }
}
