package io.membrane.directory.semantic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.fixture.Seeds;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class IncomingChunksTest {

  private static final Namespace NAMESPACE = Seeds.namespace(4);
  private static final String DOMAIN = "public";

  private final NearestChunks index = new NearestChunks(100, 1 << 20);

  @Test
  void whatWaitsIsTakenInAndTheFirstToComeGoPastTheBound() {
    try (IncomingChunks incoming = new IncomingChunks(index, 3)) {
      for (int i = 0; i < 5; i++) {
        incoming.put(NAMESPACE, DOMAIN, block(i), new float[] {i + 1, 1});
      }
      incoming.put(NAMESPACE, DOMAIN, block(2), new float[] {0, 1});
      assertThat(index.size()).isZero();
      incoming.start();
      await(() -> index.size() == 3);
      assertThat(index.nearest(NAMESPACE, DOMAIN, new float[] {0, 1}, 10).stream().map(Near::block))
          .containsExactly(block(2), block(3), block(4));
      incoming.put(NAMESPACE, DOMAIN, block(9), new float[] {0, 1});
      await(() -> index.size() == 4);
    }
  }

  @Test
  void anEmbeddingThatCannotBeComparedIsCountedAndHoldsNothingUp() {
    try (IncomingChunks incoming = new IncomingChunks(index, 10)) {
      incoming.start();
      incoming.put(NAMESPACE, DOMAIN, block(1), new float[] {1, 0});
      incoming.put(NAMESPACE, DOMAIN, block(2), new float[] {1, 0, 0});
      incoming.put(NAMESPACE, DOMAIN, block(3), new float[] {0, 1});
      await(() -> index.size() == 2);
      assertThat(incoming.refused()).isEqualTo(1);
    }
  }

  @Test
  void theLogsFormKeepsDirections() {
    Random random = new Random(3);
    for (int dimensions : List.of(1, 2, 256, Embeddings.MAX_DIMENSIONS)) {
      float[] embedding = new float[dimensions];
      for (int i = 0; i < dimensions; i++) {
        embedding[i] = (float) random.nextGaussian() * 1e6f;
      }
      byte[] encoded = Embeddings.encode(embedding);
      assertThat(encoded).hasSize(2 * dimensions);
      assertThat(
              Embeddings.cosine(
                  Embeddings.direction(embedding),
                  Embeddings.direction(Embeddings.decode(encoded))))
          .isCloseTo(1, within(1e-3));
    }
  }

  private static BlockHash block(int i) {
    return new BlockHash(i, 0, 0, 0);
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(condition);
  }
}
