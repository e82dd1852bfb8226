package io.membrane.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PortTest {

  @Test
  void freePortsAreDifferentAndNoneThatAnOutgoingConnectionCouldTake() {
    assertThat(Port.free(50))
        .hasSize(50)
        .doesNotHaveDuplicates()
        .allMatch(Port::isFree)
        .allMatch(port -> port < 32_768);
  }

  @Test
  void noPortIsGivenTwiceEvenIfNobodyHasBoundItYet() {
    assertThat(Stream.generate(() -> Port.free(1)).limit(500).flatMap(List::stream))
        .doesNotHaveDuplicates();
  }
}
