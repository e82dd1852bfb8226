package io.membrane.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ContentDigesterTest {

  @Test
  void piecesHaveTheDigestOfTheWhole() {
    ContentDigester digester = new ContentDigester();
    Seeds.forAll(
        50,
        random -> {
          byte[] bytes = Seeds.bytes(random, random.nextInt(20_000));
          ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
          for (int at = 0; at < bytes.length; ) {
            int n = 1 + random.nextInt(bytes.length - at);
            ByteBuffer piece = direct.slice(at, n);
            digester.add(piece);
            assertThat(piece.position()).isZero();
            at += n;
          }
          assertThat(digester.digest()).isEqualTo(ContentDigest.of(bytes));
        });
  }
}
