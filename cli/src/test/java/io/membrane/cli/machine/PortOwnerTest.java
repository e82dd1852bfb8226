package io.membrane.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class PortOwnerTest {

  @Test
  void aTakenPortIsSeenAndItsOwnerNamedWithPidAndCommand() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = socket.getLocalPort();

      assertThat(Port.isFree(port)).isFalse();
      assertThat(PortOwner.describe(port))
          .contains("pid " + ProcessHandle.current().pid())
          .contains("java");
    }
  }

  @Test
  void aListenerOnEveryAddressTakesThePortToo() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      assertThat(Port.isFree(socket.getLocalPort())).isFalse();
      assertThat(PortOwner.of(socket.getLocalPort())).contains(ProcessHandle.current());
    }
  }

  @Test
  void nobodyOwnsAFreePort() {
    int port = Port.free(1).getFirst();

    assertThat(Port.isFree(port)).isTrue();
    assertThat(PortOwner.of(port)).isEmpty();
  }

  @Test
  void freePortsAreDifferent() {
    List<Integer> ports = Port.free(7);

    assertThat(new HashSet<>(ports)).hasSize(7);
  }
}
