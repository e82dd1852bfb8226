package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.fragment.transfer.TransferOrder;
import io.membrane.fragment.transfer.TransferState;
import io.membrane.fragment.transfer.TransferState.Phase;
import io.membrane.fragment.transfer.Transfers;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one region lacks comes from another, over a line that fails in every way. */
@SuppressWarnings("NullAway.Init")
class TransferTest {

  private static final String TENANT = "default";
  @RegisterExtension static final TransferRig rig = new TransferRig();

  private final Random random = new Random(41);
  private FragmentHttp there;
  private FragmentHttp here;
  private Transfers transfers;

  @BeforeEach
  void connect() {
    there = rig.httpThere();
    here = rig.httpHere();
    transfers = rig.transfers(null);
  }

  @AfterEach
  void nothingIsHeld() {
    transfers.close();
    Awaitility.await().until(() -> rig.here.bean(MemoryTier.class).passingBytes() == 0);
    assertThat(rig.here.bean(MemoryTier.class).leaks()).isZero();
  }

  @Test
  void exactlyWhatIsMissingComes() throws IOException {
    List<FragmentKey> both = TransferRig.put(there, random, 20, 3000);
    for (FragmentKey key : both) {
      TransferRig.put(here, key, there.get(key).body());
    }
    TransferRig.put(here, random, 7, 100);
    FragmentKey conflict = FragmentHttp.key(random);
    TransferRig.put(here, conflict, Seeds.bytes(random, 50));
    TransferRig.put(there, conflict, Seeds.bytes(random, 60));
    List<FragmentKey> missing = TransferRig.put(there, random, 150, 2000);
    missing.addAll(TransferRig.put(there, random, 1, TransferRig.MAX_BYTES));

    TransferState state = ended(all());
    assertThat(state.state()).isEqualTo(Phase.DONE);
    assertThat(state.missing()).isEqualTo(151);
    assertThat(state.done()).isEqualTo(151);
    assertThat(state.conflicts()).isEqualTo(1);
    assertThat(state.failed() + state.gone()).isZero();
    assertThat(state.bytes()).isEqualTo(150 * 2000L + TransferRig.MAX_BYTES);
    rig.areHereToo(missing);
    assertThat(here.get(conflict).body()).hasSize(50);

    TransferState again = ended(all());
    assertThat(again.missing()).isZero();
    assertThat(again.bytes()).isZero();
    assertThat(again.conflicts()).isEqualTo(1);
  }

  @Test
  void metadataAndWhatIsLeftOfALifeComeToo() throws IOException {
    FragmentKey pinned = FragmentHttp.key(random);
    TransferRig.put(there, pinned, bytes("pinned"), "Membrane-Pin", "true");
    FragmentKey mortal = FragmentHttp.key(random);
    TransferRig.put(there, mortal, bytes("mortal"), "Membrane-Ttl", "600");
    assertThat(ended(all()).done()).isEqualTo(2);
    assertThat(FragmentHttp.header(here.head(pinned), "Membrane-Pin")).isEqualTo("true");
    assertThat(Integer.parseInt(FragmentHttp.header(here.head(mortal), "Membrane-Ttl")))
        .isBetween(500, 600);
    for (String name : List.of("Membrane-Namespace", "Membrane-Parent", "Membrane-Token-Span")) {
      assertThat(FragmentHttp.header(here.head(mortal), name))
          .isEqualTo(FragmentHttp.header(there.head(mortal), name));
    }
  }

  @Test
  void keysThatAreNamedComeAloneAndOnce() throws IOException {
    List<FragmentKey> stored = TransferRig.put(there, random, 10, 500);
    List<FragmentKey> named = new ArrayList<>(stored.subList(0, 3));
    named.add(stored.getFirst());
    named.add(FragmentHttp.key(random));
    TransferRig.put(here, stored.get(1), there.get(stored.get(1)).body());
    TransferState state = ended(new TransferOrder(rig.from(), null, named));
    assertThat(state.state()).isEqualTo(Phase.DONE);
    assertThat(state.missing()).isEqualTo(3);
    assertThat(state.done()).isEqualTo(2);
    assertThat(state.gone()).isEqualTo(1);
    assertThat(here.exists(stored).leading()).isEqualTo(3);
    assertThat(here.exists(stored).present().subList(3, 10)).containsOnly(false);
  }

  @ParameterizedTest
  @ValueSource(longs = {900, 20_000, 70_000, 300_000, 1_000_000, 5_000_000})
  void aLineThatIsCutAgainAndAgainDelaysAndChangesNothing(long cutAfter) throws IOException {
    List<FragmentKey> keys = TransferRig.put(there, random, 3, 100_000);
    keys.addAll(TransferRig.put(there, random, 2, 2_500_000));
    rig.here.bean(FragmentStore.class).inventories().of("tenant:default");
    rig.line.inject(new Fault.CutAfter(cutAfter));
    TransferState begun = transfers.begin(TENANT, named(keys));
    if (cutAfter < 10_000) {
      Awaitility.await().until(() -> state(begun).retries() >= 2);
      rig.line.heal();
    }
    TransferState state = ended(begun);
    assertThat(state.reason()).isNull();
    assertThat(state.state()).isEqualTo(Phase.DONE);
    assertThat(state.done()).isEqualTo(5);
    assertThat(state.retries()).isPositive();
    // What had come was not asked for again, but what was lost in the line.
    assertThat(state.bytes()).isEqualTo(3 * 100_000L + 2 * 2_500_000L);
    rig.areHereToo(keys);
  }

  @Test
  void aBitThatFlipsOnTheWayIsNeverStored() throws IOException {
    List<FragmentKey> keys = TransferRig.put(there, random, 2, 1_000_000);
    rig.line.inject(new Fault.FlipBit(500_000));
    TransferState begun = transfers.begin(TENANT, named(keys));
    Awaitility.await().until(() -> state(begun).retries() >= 1);
    assertThat(here.exists(keys).present().getFirst()).isFalse();
    rig.line.heal();
    TransferState state = ended(begun);
    assertThat(state.state()).isEqualTo(Phase.DONE);
    assertThat(state.done()).isEqualTo(2);
    rig.areHereToo(keys);
  }

  @Test
  void aPeerThatAlwaysSendsOtherBytesIsToldWithTheFragment() throws IOException {
    FragmentKey key = FragmentHttp.key(random);
    try (LyingPeer peer = new LyingPeer(key, ContentDigest.of(bytes("right")), bytes("wrong"));
        Transfers own = rig.transfers(null, peer.url())) {
      TransferState state =
          await(own, own.begin(TENANT, new TransferOrder(peer.url(), null, List.of(key))));
      assertThat(state.state()).isEqualTo(Phase.DONE);
      assertThat(state.failed()).isEqualTo(1);
      assertThat(state.failures().getFirst().key()).isEqualTo(key.toString());
      assertThat(state.failures().getFirst().reason()).contains("digest");
      assertThat(here.exists(List.of(key)).leading()).isZero();
    }
  }

  @Test
  void aSilentLineIsGivenUpAndTriedAgain() throws IOException {
    List<FragmentKey> keys = TransferRig.put(there, random, 2, 400_000);
    rig.line.inject(new Fault.Stall(200_000));
    TransferState begun = transfers.begin(TENANT, named(keys));
    Awaitility.await().until(() -> state(begun).retries() >= 1);
    rig.line.heal();
    assertThat(ended(begun).done()).isEqualTo(2);
    rig.areHereToo(keys);
  }

  @Test
  void aPeerThatIsGoneEndsItAndAnotherPostGoesOn() throws IOException {
    // More than the buffers on the way hold.
    List<FragmentKey> keys = TransferRig.put(there, random, 60, 600_000);
    Transfers slow = rig.transfers(12_000_000L);
    try {
      TransferState begun = slow.begin(TENANT, all());
      Awaitility.await().until(() -> TransferRig.find(slow, TENANT, begun).done() > 5);
      rig.line.inject(new Fault.Refuse());
      TransferState failed = await(slow, begun);
      assertThat(failed.state()).isEqualTo(Phase.FAILED);
      assertThat(failed.reason()).contains("5 times in a row", "post the transfer again");
      assertThat(failed.done()).isBetween(6L, 59L);
      rig.line.heal();
      TransferState rest =
          Awaitility.await().until(() -> ended(all()), s -> s.state() == Phase.DONE);
      assertThat(rest.done()).isEqualTo(60 - failed.done());
      rig.areHereToo(keys);
    } finally {
      slow.close();
    }
  }

  @Test
  void aCancelledTransferEndsSoonAndKeepsWhatHasCome() {
    List<FragmentKey> keys = TransferRig.put(there, random, 20, 100_000);
    Transfers slow = rig.transfers(400_000L);
    try {
      TransferState begun = slow.begin(TENANT, all());
      Awaitility.await().until(() -> TransferRig.find(slow, TENANT, begun).done() > 0);
      assertThat(slow.cancel("another", begun.id())).isFalse();
      assertThat(slow.cancel(TENANT, begun.id())).isTrue();
      TransferState state = await(slow, begun);
      assertThat(state.state()).isEqualTo(Phase.CANCELLED);
      assertThat(state.done()).isBetween(1L, (long) keys.size() - 1);
    } finally {
      slow.close();
    }
  }

  @Test
  void aFullQuotaEndsItAndWhatCameStays() throws IOException {
    List<FragmentKey> keys = TransferRig.put(there, random, 10, 10_000);
    var tenants = rig.here.bean(FragmentStore.class).tenants();
    tenants.setPolicy(TENANT, new Policy(35_000L, null, null, Sharing.ISOLATED, null, 3));
    try {
      TransferState state = ended(all());
      assertThat(state.state()).isEqualTo(Phase.FAILED);
      assertThat(state.reason()).contains("tenant default has 30000 bytes", "quota");
      assertThat(state.done()).isEqualTo(3);
      assertThat(here.exists(keys).present()).filteredOn(is -> is).hasSize(3);
    } finally {
      tenants.setPolicy(TENANT, Policy.standard(Sharing.ISOLATED));
    }
  }

  @Test
  void aTenantPullsItsOwnAlone() throws IOException {
    List<FragmentKey> ofA = TransferRig.put(there, random, 3, 100, "Membrane-Tenant", "a");
    TransferRig.put(there, random, 4, 100, "Membrane-Tenant", "b");
    TransferState begun = transfers.begin("a", all());
    TransferState state = TransferRig.ended(transfers, "a", begun);
    assertThat(state.done()).isEqualTo(3);
    assertThat(transfers.find("b", begun.id())).isNull();
    assertThat(transfers.list("b")).isEmpty();
    for (FragmentKey key : ofA) {
      assertThat(here.get(key, "Membrane-Tenant", "a").statusCode()).isEqualTo(200);
      assertThat(here.get(key, "Membrane-Tenant", "b").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void aLinkCarriesNoMoreThanItsRate() {
    TransferRig.put(there, random, 8, 100_000);
    Transfers slow = rig.transfers(400_000L);
    try {
      long start = System.nanoTime();
      TransferState state = await(slow, slow.begin(TENANT, all()));
      double seconds = (System.nanoTime() - start) / 1e9;
      assertThat(state.done()).isEqualTo(8);
      assertThat((state.bytes() + state.exchangeBytes()) / (seconds + 0.25))
          .isLessThanOrEqualTo(400_000.0);
    } finally {
      slow.close();
    }
  }

  @Test
  void overHttpItIsBegunFollowedListedAndEnded() throws IOException {
    List<FragmentKey> keys = TransferRig.put(there, random, 5, 1000);
    String order = "{\"from\":\"" + rig.from() + "/\"}";
    HttpResponse<byte[]> begun = here.postJson("/v1/transfers", order);
    assertThat(begun.statusCode()).isEqualTo(202);
    String path = FragmentHttp.header(begun, "Location");
    assertThat(path).isEqualTo("/v1/transfers/" + FragmentHttp.json(begun).path("id").asString());
    var state =
        Awaitility.await()
            .until(
                () -> FragmentHttp.json(here.send(here.request(path).GET())),
                json -> !json.path("state").asString().equals("running"));
    assertThat(state.path("state").asString()).isEqualTo("done");
    assertThat(state.path("done").asLong()).isEqualTo(5);
    assertThat(state.path("bytes").asLong()).isEqualTo(5000);
    rig.areHereToo(keys);
    var list = FragmentHttp.json(here.send(here.request("/v1/transfers").GET()));
    assertThat(list.path("transfers").findValuesAsString("id"))
        .contains(FragmentHttp.json(begun).path("id").asString());
    assertThat(here.send(here.request(path).header("Membrane-Tenant", "x").GET()).statusCode())
        .isEqualTo(404);
    assertThat(here.send(here.request(path).DELETE()).statusCode()).isEqualTo(204);
  }

  @Test
  void oneAtATimeFromAPeerAndFewInAll() throws IOException {
    rig.line.inject(new Fault.Silence());
    Transfers own = rig.transfers(null);
    try {
      for (String tenant : List.of("a", "b", "c", "d")) {
        own.begin(tenant, all());
      }
      assertThat(code(() -> own.begin("a", all()))).contains("wait for its end, or DELETE it");
      assertThat(code(() -> own.begin("e", all()))).contains("4 transfers are running");
    } finally {
      own.close();
    }
  }

  private static String code(Runnable call) {
    return String.valueOf(org.assertj.core.api.Assertions.catchThrowable(call::run).getMessage());
  }

  private TransferOrder all() {
    return new TransferOrder(rig.from(), null, null);
  }

  private TransferOrder named(List<FragmentKey> keys) {
    return new TransferOrder(rig.from(), null, keys);
  }

  private TransferState ended(TransferOrder order) {
    return ended(transfers.begin(TENANT, order));
  }

  private TransferState ended(TransferState begun) {
    return await(transfers, begun);
  }

  private TransferState state(TransferState begun) {
    return TransferRig.find(transfers, TENANT, begun);
  }

  private static TransferState await(Transfers transfers, TransferState begun) {
    return TransferRig.ended(transfers, TENANT, begun);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }
}
