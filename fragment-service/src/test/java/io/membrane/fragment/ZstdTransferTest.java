package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fragment.transfer.TransferOrder;
import io.membrane.fragment.transfer.TransferState;
import io.membrane.fragment.transfer.TransferState.Phase;
import io.membrane.fragment.transfer.Transfers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What another region keeps as zstd comes so, and lies here as this one keeps it. */
@SuppressWarnings("NullAway.Init")
class ZstdTransferTest {

  private static final int COUNT = 5;
  private static final int BYTES = 1_000_000;

  private static TransferRig rig;

  private final Random random = new Random(97);

  @BeforeAll
  static void start() {
    rig = new TransferRig("membrane.fragment.compression=zstd");
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  @BeforeEach
  void empty() {
    rig.empty();
  }

  @Test
  void fewerBytesComeOverTheLine() throws IOException {
    List<FragmentKey> keys = stored();
    TransferState state = transferred(keys);
    assertThat(state.retries()).isZero();
    assertThat(state.bytes()).isBetween(COUNT * BYTES / 2L, COUNT * BYTES * 3L / 4);
    areHereToo(keys);
  }

  @ParameterizedTest
  @ValueSource(longs = {30_000, 400_000, 1_500_000})
  void aLineThatIsCutAgainAndAgainDelaysAndChangesNothing(long cutAfter) throws IOException {
    List<FragmentKey> keys = stored();
    rig.line.inject(new Fault.CutAfter(cutAfter));
    TransferState state = transferred(keys);
    assertThat(state.retries()).isPositive();
    areHereToo(keys);
  }

  @Test
  void aBitThatFlipsOnTheWayIsNeverStored() throws IOException {
    List<FragmentKey> keys = stored();
    rig.line.inject(new Fault.FlipBit(500_000));
    try (Transfers transfers = rig.transfers(null)) {
      TransferState begun = transfers.begin("default", new TransferOrder(rig.from(), null, keys));
      Awaitility.await().until(() -> find(transfers, begun).retries() >= 1);
      rig.line.heal();
      ended(transfers, begun);
    }
    areHereToo(keys);
  }

  private List<FragmentKey> stored() {
    List<FragmentKey> keys = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      FragmentKey key = FragmentHttp.key(random);
      TransferRig.put(rig.httpThere(), key, Kv.bytes(random, BYTES));
      keys.add(key);
    }
    return keys;
  }

  private static TransferState transferred(List<FragmentKey> keys) {
    try (Transfers transfers = rig.transfers(null)) {
      return ended(
          transfers, transfers.begin("default", new TransferOrder(rig.from(), null, keys)));
    }
  }

  private static TransferState ended(Transfers transfers, TransferState begun) {
    TransferState state =
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> find(transfers, begun), found -> found.state() != Phase.RUNNING);
    assertThat(state.reason()).isNull();
    assertThat(state.state()).isEqualTo(Phase.DONE);
    assertThat(state.done()).isEqualTo(COUNT);
    return state;
  }

  private static TransferState find(Transfers transfers, TransferState begun) {
    return Objects.requireNonNull(transfers.find("default", begun.id()));
  }

  private static void areHereToo(List<FragmentKey> keys) throws IOException {
    for (FragmentKey key : keys) {
      assertThat(rig.httpHere().get(key).body()).isEqualTo(rig.httpThere().get(key).body());
    }
  }
}
