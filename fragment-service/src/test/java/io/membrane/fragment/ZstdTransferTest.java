package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fragment.transfer.TransferOrder;
import io.membrane.fragment.transfer.TransferState;
import io.membrane.fragment.transfer.TransferState.Phase;
import io.membrane.fragment.transfer.Transfers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What another region keeps as zstd comes so, and lies here as this one keeps it. */
class ZstdTransferTest {

  private static final int COUNT = 5;
  private static final int BYTES = 1_000_000;

  @RegisterExtension
  static final TransferRig rig = new TransferRig("membrane.fragment.compression=zstd");

  private final Random random = new Random(97);

  @Test
  void fewerBytesComeOverTheLine() throws IOException {
    List<FragmentKey> keys = stored();
    TransferState state = transferred(keys);
    assertThat(state.retries()).isZero();
    assertThat(state.bytes()).isBetween(COUNT * BYTES / 2L, COUNT * BYTES * 3L / 4);
    rig.areHereToo(keys);
  }

  @ParameterizedTest
  @ValueSource(longs = {30_000, 400_000, 1_500_000})
  void aLineThatIsCutAgainAndAgainDelaysAndChangesNothing(long cutAfter) throws IOException {
    List<FragmentKey> keys = stored();
    rig.line.inject(new Fault.CutAfter(cutAfter));
    TransferState state = transferred(keys);
    assertThat(state.retries()).isPositive();
    rig.areHereToo(keys);
  }

  @Test
  void aBitThatFlipsOnTheWayIsNeverStored() throws IOException {
    List<FragmentKey> keys = stored();
    rig.line.inject(new Fault.FlipBit(500_000));
    try (Transfers transfers = rig.transfers(null)) {
      TransferState begun = transfers.begin("default", new TransferOrder(rig.from(), null, keys));
      Awaitility.await().until(() -> TransferRig.find(transfers, "default", begun).retries() >= 1);
      rig.line.heal();
      ended(transfers, begun);
    }
    rig.areHereToo(keys);
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
    TransferState state = TransferRig.ended(transfers, "default", begun);
    assertThat(state.reason()).isNull();
    assertThat(state.state()).isEqualTo(Phase.DONE);
    assertThat(state.done()).isEqualTo(COUNT);
    return state;
  }
}
