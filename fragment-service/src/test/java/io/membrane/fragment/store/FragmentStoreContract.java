package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.ErrorCode;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogEntry;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What the store promises, on whichever Redis it stands: what is put, read, removed and told here,
 * and all that the contracts say which this one extends.
 */
abstract class FragmentStoreContract extends SharedStoreContract {

  @Test
  void whatIsPutIsGotBackWithItsMetadata() {
    FragmentKey key = key();
    BlockHash parent = Seeds.hash(random);
    FragmentMeta meta =
        new FragmentMeta(Seeds.namespace(16), parent, new TokenSpan(16, 32), null, 3600L, false);
    byte[] body = Seeds.bytes(random, 5000);

    FragmentStore.Stored stored = put(TENANT, key, meta, ContentDigest.of(body), body);

    Description description = description(key);
    assertThat(stored.isNew()).isTrue();
    assertThat(read(key)).isEqualTo(body);
    assertThat(Objects.requireNonNull(description.meta()).parent()).isEqualTo(parent);
    assertThat(description.secondsLeft(System.currentTimeMillis())).isBetween(3590L, 3600L);
    assertThat(description.digest()).isEqualTo(ContentDigest.of(body));
    assertThat(description.bytes()).isEqualTo(body.length);
    assertThat(description.logPosition()).isEqualTo(stored.logPosition());
    assertThat(store.exists(List.of(name(key), name(key())))).containsExactly(true, false);
  }

  @Test
  void theLogTellsOfAPutBeforeItIsAcknowledged() {
    FragmentKey key = key();
    byte[] body = {1, 2, 3};

    String position = put(key, body).logPosition();

    Event event = log().getLast().event();
    assertThat(log()).hasSize(1);
    assertThat(log().getLast().node()).isEqualTo("redis");
    assertThat(log().getLast().cluster()).isEqualTo("local");
    assertThat(event.type()).isEqualTo(EventType.STORED);
    assertThat(event.blockHash()).isEqualTo(key.hash());
    assertThat(event.slice()).isEqualTo(key.slice());
    assertThat(event.bytes()).isEqualTo(3);
    assertThat(event.tier()).isEqualTo("redis");
    assertThat(event.expiresAtMs()).isEqualTo(expires(key));
    assertThat(position).isEqualTo(lastPosition());
  }

  @Test
  void equalBytesAreTheSameFragmentAndOtherBytesAConflict() {
    FragmentKey key = key();
    FragmentStore.Stored first = put(key, bytes("first"), 3600L, false);

    FragmentStore.Stored again = put(key, bytes("first"), 60L, false);
    ErrorCode other = refusal(() -> put(key, bytes("other")));

    assertThat(again)
        .isEqualTo(new FragmentStore.Stored(false, first.digest(), first.logPosition()));
    assertThat(other).isEqualTo(ErrorCode.FRAGMENT_CONFLICT);
    assertThat(body(key)).isEqualTo(bytes("first"));
    assertThat(log()).hasSize(1);
  }

  @Test
  void aWrongDigestStoresNothing() {
    FragmentKey key = key();
    assertThat(refusal(() -> put(TENANT, key, meta(null, false), digest("other"), bytes("these"))))
        .isEqualTo(ErrorCode.DIGEST_MISMATCH);
    assertThat(isThere(key)).isFalse();
    hasBodies(0);
  }

  @Test
  void aLifeIsOnlyEverProlongedAndTheLogTellsOfIt() {
    FragmentKey key = key();
    put(key, bytes("x"), 100L, false);
    long first = Objects.requireNonNull(expires(key));

    put(key, bytes("x"), 50L, false);
    put(key, bytes("x"), 105L, false);
    assertThat(expires(key)).isEqualTo(first);
    put(key, bytes("x"), 200L, false);
    long longer = Objects.requireNonNull(expires(key));
    assertThat(longer).isBetween(first + 90_000, first + 110_000);
    put(key, bytes("x"), null, true);
    assertThat(expires(key)).isNull();
    put(key, bytes("x"), 10L, false);
    assertThat(expires(key)).isNull();

    assertThat(log().stream().map(entry -> entry.event().expiresAtMs()))
        .containsExactly(first, longer, null);
  }

  @Test
  void aFragmentLivesAsLongAsTheDefaultSaysUnlessItIsPinned() {
    FragmentKey mortal = key();
    FragmentKey pinned = key();
    put(mortal, bytes("x"));
    put(pinned, bytes("x"), null, true);
    assertThat(description(mortal).secondsLeft(System.currentTimeMillis()))
        .isBetween(DEFAULT_TTL.toSeconds() - 60, DEFAULT_TTL.toSeconds());
    assertThat(expires(pinned)).isNull();
  }

  @Test
  void aFragmentThatHasEndedIsGoneAndIsTidiedUp() {
    FragmentKey key = key();
    put(key, bytes("x"), 1L, false);
    Awaitility.await().until(() -> !isThere(key));
    assertThat(read(key)).isNull();
    assertThat(put(key, bytes("y"), 1L, false).isNew()).isTrue();
    Awaitility.await().until(() -> !isThere(key));

    store.housekeeping().tidy();

    isEmpty();
    assertThat(log().getLast().event().type()).isEqualTo(EventType.REMOVED);
  }

  @Test
  void aPutIsAnnouncedAgainWhenTheLogHasLostIt() {
    FragmentKey key = key();
    put(key, bytes("x"));
    redis.del(bytes(LogEntry.STREAM));

    FragmentStore.Stored again = put(key, bytes("x"));

    assertThat(again.isNew()).isFalse();
    assertThat(again.logPosition()).isEqualTo(lastPosition());
    assertThat(put(key, bytes("x")).logPosition()).isEqualTo(again.logPosition());
    assertThat(log()).hasSize(1);
  }

  @Test
  void aRemovalIsAnnouncedAndMayBeRepeated() {
    FragmentKey key = key();
    put(key, bytes("x"));
    store.delete(TENANT, key);
    store.delete(TENANT, key);
    assertThat(read(key)).isNull();
    assertThat(store.describe(name(key))).isNull();
    isEmpty();
    assertThat(log().stream().map(entry -> entry.event().type()))
        .containsExactly(EventType.STORED, EventType.REMOVED, EventType.REMOVED);
    assertThat(put(key, bytes("y")).isNew()).isTrue();
  }

  @Test
  void manyAreGotInTheOrderAskedForWithHoles() {
    List<FragmentKey> keys = IntStream.range(0, 50).mapToObj(i -> key()).toList();
    IntStream.range(0, 50).filter(i -> i % 3 > 0).forEach(i -> put(keys.get(i), bytes("b" + i)));

    List<@Nullable Fragment> got = store.get(keys.stream().map(this::name).toList());

    for (int i = 0; i < 50; i++) {
      try (Fragment fragment = got.get(i)) {
        assertThat(fragment == null ? null : bytes(fragment))
            .isEqualTo(i % 3 == 0 ? null : bytes("b" + i));
      }
    }
  }
}
