package io.membrane.fragment.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.wire.DirectoryClient.EventType;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of names and bytes that Redis has lost or damaged. */
abstract class DamageContract extends CountedStore {

  @ParameterizedTest
  @ValueSource(strings = {"digest", "meta", "seal", "bytes", "expires", "generation"})
  void aNameWithAFlippedBitOrAMissingFieldIsAMissAndCanBePutAgain(String field) {
    for (boolean missing : new boolean[] {false, true}) {
      FragmentKey key = key();
      put(key, bytes("the bytes"));
      damage(key, field, missing);

      byte[] read = read(key);

      assertThat(read).isIn(null, bytes("the bytes"));
      put(key, bytes("the bytes"));
      assertThat(body(key)).isEqualTo(bytes("the bytes"));
    }
  }

  @Test
  void bytesWithAFlippedBitAreDroppedWithAllTheirNamesAndCanBePutAgain() {
    FragmentKey one = key();
    FragmentKey two = key();
    put(one, bytes("the bytes"));
    put(two, bytes("the bytes"));
    double corrupt = corrupt();
    redis.setbit(bodyKey(one), 13, 1 - redis.getbit(bodyKey(one), 13).intValue());

    assertThat(read(one)).isNull();

    assertThat(corrupt()).isEqualTo(corrupt + 1);
    assertThat(read(two)).isNull();
    assertThat(log().getLast().event().type()).isEqualTo(EventType.REMOVED);
    isEmpty();
    assertThat(put(one, bytes("the bytes")).isNew()).isTrue();
    assertThat(body(one)).isEqualTo(bytes("the bytes"));
  }

  @Test
  void bytesThatAreShorterOrGoneAreDroppedAndCanBePutAgain() {
    FragmentKey key = key();
    put(key, bytes("the bytes"));
    redis.set(bodyKey(key), bytes("the byte"));
    assertThat(read(key)).isNull();
    put(key, bytes("the bytes"));
    redis.del(bodyKey(key));
    assertThat(read(key)).isNull();
    isEmpty();
    assertThat(put(key, bytes("the bytes")).isNew()).isTrue();
    assertThat(body(key)).isEqualTo(bytes("the bytes"));
  }

  @Test
  void anEqualPutMakesDamagedBytesWholeWithoutAReadBefore() {
    FragmentKey key = key();
    put(key, bytes("the bytes"));
    redis.set(bodyKey(key), bytes("otherwise"));
    assertThat(put(key, bytes("the bytes")).isNew()).isFalse();
    assertThat(body(key)).isEqualTo(bytes("the bytes"));
    hasBodies(1);
  }

  @Test
  void namesAndBytesThatWereSwappedAreMisses() {
    FragmentKey one = key();
    FragmentKey two = key();
    put(one, bytes("of one"));
    put(two, bytes("of two"));
    contents.swap(bodyKey(one), bodyKey(two));
    assertThat(read(one)).isNull();
    assertThat(read(two)).isNull();
    put(one, bytes("of one"));
    put(two, bytes("of two"));
    contents.swap(RedisKeys.name(name(one)), RedisKeys.name(name(two)));
    assertThat(read(one)).isNull();
    assertThat(read(two)).isNull();
  }

  @Test
  void theSweepFindsBodiesWithoutANameAndNamesWithoutABody() {
    FragmentKey key = key();
    FragmentKey gone = key();
    put(key, bytes("stays"));
    put(gone, bytes("loses its body"));
    redis.del(bodyKey(gone));
    long old = System.currentTimeMillis() - PUT_WINDOW.toMillis() * 2;
    redis.set(RedisKeys.body(RedisKeys.newBodyId(digest("a"), old)), bytes("a"));
    redis.set(
        RedisKeys.body(RedisKeys.newBodyId(digest("b"), System.currentTimeMillis())), bytes("b"));

    assertThat(store.housekeeping().sweep()).isEqualTo(new Sweep.Swept(1, 1));

    assertThat(body(key)).isEqualTo(bytes("stays"));
    assertThat(isThere(gone)).isFalse();
    Awaitility.await().until(() -> bodies().size() == 2);
  }

  @Test
  void aRedisThatDoesNotKnowTheScriptsIsToldThem() {
    FragmentKey key = key();
    put(key, bytes("x"));
    redis.scriptFlush();
    assertThat(body(key)).isEqualTo(bytes("x"));
    assertThat(put(key, bytes("x")).isNew()).isFalse();
  }
}
