package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.Fragment;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** A body is compressed, written, read and expanded without ever being on the heap. */
@TestPropertySource(
    properties = {
      "membrane.fragment.max-bytes=64MB",
      "membrane.fragment.max-in-flight=192MB",
      "membrane.fragment.memory=0B",
      "membrane.fragment.compression=zstd"
    })
class CompressionHeapTest extends RunningService {

  private static final int BYTES = 64 << 20;

  @Autowired private FragmentStore store;

  private final Random random = new Random(83);
  private final byte[] piece = Kv.bytes(random, 1 << 20);

  @Test
  void aBodyOf64MibGoesAndComesAndAllocatesLessThanAnEighthOfIt() throws IOException {
    assertThat(HeapUse.of(() -> goAndCome(BYTES))).isLessThan(BYTES / 8);
  }

  private void goAndCome(int bytes) {
    FragmentKey key = FragmentHttp.key(random);
    FragmentMeta meta =
        new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 16), null, null, false);
    try (Claim claim = store.claim(bytes)) {
      while (claim.remaining() > 0) {
        piece[random.nextInt(piece.length)]++;
        claim.append(ByteBuffer.wrap(piece));
      }
      try (Payload body = claim.commit()) {
        store.put("default", key, meta, null, body);
      }
    }
    try (Fragment fragment =
        Objects.requireNonNull(
            store.getWithForms(List.of(store.name("default", key))).getFirst())) {
      assertThat(fragment.body().length()).isEqualTo(bytes);
      assertThat(Objects.requireNonNull(fragment.zstd()).length()).isLessThan(bytes * 7L / 8);
    }
    store.delete("default", key);
  }
}
