package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What holds when many callers and several tenants use the store. */
abstract class SharedStoreContract extends CapacityContract {

  @Test
  void ofManyPutsAtOnceExactlyOneIsNewAndTheRestIsSameOrConflict() throws Exception {
    FragmentKey key = key();
    List<Callable<String>> puts = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      byte[] body = bytes(i % 2 == 0 ? "even" : "odd");
      puts.add(() -> {
        try {
          return (put(key, body).isNew() ? "new " : "same ") + new String(body, UTF_8);
        } catch (MembraneException e) {
          return e.code() + " " + new String(body, UTF_8);
        }
      });
    }
    List<String> outcomes = atOnce(puts);
    String kept = new String(body(key), UTF_8);
    String lost = kept.equals("even") ? "odd" : "even";
    assertThat(outcomes).containsOnlyOnce("new " + kept);
    assertThat(outcomes).filteredOn(o -> o.equals("same " + kept)).hasSize(15);
    assertThat(outcomes).filteredOn(o -> o.equals("FRAGMENT_CONFLICT " + lost)).hasSize(16);
  }

  @Test
  void theLastWordOfTheLogIsTrueAfterPutsAndRemovalsAtOnce() throws Exception {
    List<FragmentKey> keys = List.of(key(), key(), key());
    List<Callable<String>> work = new ArrayList<>();
    for (int thread = 0; thread < 6; thread++) {
      Random own = new Random(thread);
      work.add(() -> {
        for (int i = 0; i < 60; i++) {
          FragmentKey key = keys.get(own.nextInt(keys.size()));
          if (own.nextBoolean()) {
            store.delete(TENANT, key);
          } else {
            putUnlessRemoved(key, (long) own.nextInt(1000, 2000));
          }
        }
        return "done";
      });
    }
    atOnce(work);
    for (FragmentKey key : keys) {
      EventType last =
          log().stream()
              .map(LogEntry::event)
              .filter(event -> key.hash().equals(event.blockHash()))
              .reduce((a, b) -> b)
              .orElseThrow()
              .type();
      assertThat(last == EventType.STORED).isEqualTo(isThere(key));
    }
  }

  private void putUnlessRemoved(FragmentKey key, long ttl) {
    put(key, bytes("x"), ttl, false);
  }

  @Test
  void theNumbersAreExactAfterAnyCalls() throws Exception {
    List<FragmentKey> keys = IntStream.range(0, 6).mapToObj(i -> key()).toList();
    List<Callable<String>> work = new ArrayList<>();
    for (int thread = 0; thread < 6; thread++) {
      Random own = new Random(thread);
      work.add(() -> {
        for (int i = 0; i < 80; i++) {
          FragmentKey key = keys.get(own.nextInt(keys.size()));
          switch (own.nextInt(4)) {
            case 0 -> store.delete(TENANT, key);
            case 1 -> read(key);
            default -> outcome(key, new byte[1 + own.nextInt(3)]);
          }
        }
        return "done";
      });
    }
    atOnce(work);
    isConsistent();
    keys.forEach(key -> store.delete(TENANT, key));
    isEmpty();
  }

  @Test
  void aQuotaIsHardAlsoWhenManyPutAtOnce() throws Exception {
    store.tenants().setPolicy(TENANT, new Policy(100_000L, 50L, null, Sharing.ISOLATED, null, 3));
    List<Callable<String>> puts = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      FragmentKey key = key();
      byte[] body = Seeds.bytes(random, 9_000);
      puts.add(() -> outcome(key, body));
    }
    assertThat(atOnce(puts))
        .filteredOn(outcome -> outcome.equals("QUOTA_EXCEEDED"))
        .hasSize(64 - 11);
    assertThat(usage()).isEqualTo(new Usage(99_000, 11));
    hasBodies(11);
    isConsistent();
  }

  @Test
  void equalBytesAreStoredOnceHoweverManyNamesTheyHave() {
    byte[] body = Seeds.bytes(random, 100_000);
    List<FragmentKey> keys = IntStream.range(0, 20).mapToObj(i -> key()).toList();
    keys.forEach(key -> put(key, body));
    put("t2", keys.getFirst(), meta(null, false), null, body);

    hasBodies(1);
    assertThat(usage()).isEqualTo(new Usage(2_000_000, 20));
    keys.forEach(key -> store.delete(TENANT, key));
    hasBodies(1);
    assertThat(read(store, "t2", keys.getFirst())).isEqualTo(body);
    store.delete("t2", keys.getFirst());
    isEmpty();
  }

  @Test
  void aTenantSeesNothingOfAnotherUnlessBothShare() {
    FragmentKey key = key();
    put(key, bytes("of t1"));
    assertThat(read(store, "t2", key)).isNull();
    assertThat(store.exists(store.names("t2", List.of(key)))).containsExactly(false);
    assertThat(put("t2", key, meta(null, false), null, bytes("of t2")).isNew()).isTrue();
    assertThat(body(key)).isEqualTo(bytes("of t1"));
    store.delete("t2", key);
    assertThat(body(key)).isEqualTo(bytes("of t1"));

    Policy group = new Policy(null, null, null, Sharing.GROUP, "g", 3);
    List.of("g1", "g2").forEach(tenant -> store.tenants().setPolicy(tenant, group));
    put("g1", key, meta(null, false), null, bytes("of the group"));
    assertThat(read(store, "g2", key)).isEqualTo(bytes("of the group"));
    assertThat(put("g2", key, meta(null, false), null, bytes("of the group")).isNew()).isFalse();
    assertThat(refusal(() -> store.delete("g2", key))).isEqualTo(ErrorCode.FORBIDDEN);
    assertThat(read(store, "t2", key)).isNull();
  }
}
