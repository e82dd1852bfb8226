package io.membrane.directory.semantic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NearestChunksTest {

  private static final Namespace NAMESPACE = Seeds.namespace(16);
  private static final String DOMAIN = "public";
  private static final int DIMENSIONS = 24;
  private static final int TEN = 10;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void whileThereAreFewTheNearestAreFoundExactly(long seed) {
    Random random = new Random(seed);
    NearestChunks index = new NearestChunks(1000, 1 << 20);
    Map<BlockHash, float[]> oracle = new HashMap<>();
    List<BlockHash> hashes = new ArrayList<>();
    for (int step = 0; step < 600; step++) {
      boolean removes = !hashes.isEmpty() && random.nextInt(4) == 0;
      BlockHash hash =
          removes || (!hashes.isEmpty() && random.nextInt(5) == 0)
              ? hashes.get(random.nextInt(hashes.size()))
              : Seeds.hash(random);
      if (removes) {
        index.remove(DOMAIN, hash);
        oracle.remove(hash);
      } else {
        float[] embedding = embedding(random);
        index.put(NAMESPACE, DOMAIN, hash, embedding);
        oracle.put(hash, embedding);
        hashes.add(hash);
      }
      float[] asked = embedding(random);
      assertThat(blocks(index.nearest(NAMESPACE, DOMAIN, asked, TEN)))
          .as("step %d", step)
          .isEqualTo(nearest(oracle, asked));
      assertThat(index.size()).isEqualTo(oracle.size());
    }
  }

  @Test
  void ofManyNineteenOfTwentyNearestAreFoundAmongChangesAndNothingThatIsGone() {
    Random random = new Random(5);
    NearestChunks index = new NearestChunks(100_000, 64 << 20);
    Map<BlockHash, float[]> oracle = new HashMap<>();
    List<BlockHash> hashes = new ArrayList<>();
    for (int i = 0; i < 2 * Shelf.EXACT + 500; i++) {
      BlockHash hash = Seeds.hash(random);
      hashes.add(hash);
      oracle.put(hash, embedding(random));
      index.put(NAMESPACE, DOMAIN, hash, oracle.get(hash));
      if (i % 3 == 0) {
        BlockHash gone = hashes.get(random.nextInt(hashes.size()));
        index.remove(DOMAIN, gone);
        oracle.remove(gone);
      }
    }
    int found = 0;
    int wanted = 0;
    for (int i = 0; i < 200; i++) {
      float[] asked = embedding(random);
      List<BlockHash> exact = nearest(oracle, asked);
      List<BlockHash> near = blocks(index.nearest(NAMESPACE, DOMAIN, asked, TEN));
      assertThat(near).doesNotHaveDuplicates().allMatch(oracle::containsKey).hasSize(TEN);
      near.retainAll(exact);
      found += near.size();
      wanted += TEN;
    }
    assertThat(found).isGreaterThanOrEqualTo(wanted * 19 / 20);
  }

  @Test
  void aSimilarityIsTheCosineWhateverTheLengths() {
    NearestChunks index = new NearestChunks(10, 1 << 20);
    BlockHash right = Seeds.hash(new Random(1));
    BlockHash opposite = Seeds.hash(new Random(2));
    index.put(NAMESPACE, DOMAIN, right, new float[] {0, 7});
    index.put(NAMESPACE, DOMAIN, opposite, new float[] {-0.1f, 0});
    List<Near> near = index.nearest(NAMESPACE, DOMAIN, new float[] {3, 0}, 2);
    assertThat(blocks(near)).containsExactly(right, opposite);
    assertThat(near.getFirst().similarity()).isZero();
    assertThat(near.getLast().similarity()).isEqualTo(-1);
  }

  @Test
  void anotherDomainOrNamespaceIsNeverSearched() {
    NearestChunks index = new NearestChunks(10, 1 << 20);
    BlockHash hash = Seeds.hash(new Random(1));
    float[] embedding = {1, 2, 3};
    index.put(NAMESPACE, "tenant:a", hash, embedding);
    assertThat(index.nearest(NAMESPACE, "tenant:b", embedding, 1)).isEmpty();
    assertThat(index.nearest(Seeds.namespace(32), "tenant:a", embedding, 1)).isEmpty();
    index.remove("tenant:b", hash);
    assertThat(index.nearest(NAMESPACE, "tenant:a", embedding, 1)).hasSize(1);
  }

  @Test
  void pastEitherLimitTheLeastRecentlyUsedIsForgotten() {
    NearestChunks index = new NearestChunks(3, 4 * 2 * Float.BYTES);
    List<BlockHash> hashes = new ArrayList<>();
    Random random = new Random(1);
    for (int i = 0; i < 3; i++) {
      hashes.add(Seeds.hash(random));
      index.put(NAMESPACE, DOMAIN, hashes.get(i), new float[] {1, i});
    }
    assertThat(blocks(index.nearest(NAMESPACE, DOMAIN, new float[] {1, 0}, 1)))
        .containsExactly(hashes.getFirst());
    hashes.add(Seeds.hash(random));
    index.put(NAMESPACE, DOMAIN, hashes.get(3), new float[] {1, 3});
    assertThat(blocks(index.nearest(NAMESPACE, DOMAIN, new float[] {1, 0}, TEN)))
        .containsExactlyInAnyOrder(hashes.get(0), hashes.get(2), hashes.get(3));

    index.put(Seeds.namespace(32), DOMAIN, hashes.get(0), new float[] {1, 2, 3, 4, 5, 6});
    assertThat(index.size()).isEqualTo(2);
    assertThat(index.nearest(Seeds.namespace(32), DOMAIN, new float[] {6, 5, 4, 3, 2, 1}, 1))
        .hasSize(1);
  }

  @Test
  void whatCannotBeComparedIsRefused() {
    NearestChunks index = new NearestChunks(10, 1 << 20);
    BlockHash hash = Seeds.hash(new Random(1));
    index.put(NAMESPACE, DOMAIN, hash, new float[] {1, 0});
    for (float[] bad :
        List.of(
            new float[] {},
            new float[] {0, 0},
            new float[] {1, Float.NaN},
            new float[] {Float.POSITIVE_INFINITY, 0},
            new float[] {1, 2, 3},
            new float[Embeddings.MAX_DIMENSIONS + 1])) {
      assertThatThrownBy(() -> index.put(NAMESPACE, DOMAIN, hash, bad))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> index.nearest(NAMESPACE, DOMAIN, bad, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (int k : new int[] {0, -1, NearestChunks.MAX_K + 1}) {
      assertThatThrownBy(() -> index.nearest(NAMESPACE, DOMAIN, new float[] {1, 1}, k))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(index.size()).isEqualTo(1);
  }

  @Test
  void searchesBesideChangesFindOnlyWhatWasThere() throws Exception {
    NearestChunks index = new NearestChunks(Shelf.EXACT + 300, 64 << 20);
    Random random = new Random(9);
    List<BlockHash> hashes = new ArrayList<>();
    for (int i = 0; i < Shelf.EXACT + 1500; i++) {
      hashes.add(Seeds.hash(random));
    }
    Map<BlockHash, Integer> known = new HashMap<>();
    hashes.forEach(hash -> known.put(hash, 1));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> writer =
          threads.submit(() -> {
            Random own = new Random(10);
            hashes.forEach(hash -> index.put(NAMESPACE, DOMAIN, hash, embedding(own)));
          });
      List<Future<?>> readers = new ArrayList<>();
      for (int reader = 0; reader < 3; reader++) {
        Random own = new Random(reader);
        readers.add(
            threads.submit(() -> {
              do {
                assertThat(blocks(index.nearest(NAMESPACE, DOMAIN, embedding(own), TEN)))
                    .doesNotHaveDuplicates()
                    .allMatch(known::containsKey);
              } while (!writer.isDone());
            }));
      }
      writer.get();
      for (Future<?> reader : readers) {
        reader.get();
      }
    }
    assertThat(index.size()).isEqualTo(Shelf.EXACT + 300);
  }

  private static float[] embedding(Random random) {
    float[] embedding = new float[DIMENSIONS];
    for (int i = 0; i < DIMENSIONS; i++) {
      embedding[i] = (float) random.nextGaussian();
    }
    return embedding;
  }

  private static List<BlockHash> blocks(List<Near> near) {
    return new ArrayList<>(near.stream().map(Near::block).toList());
  }

  private static List<BlockHash> nearest(Map<BlockHash, float[]> all, float[] asked) {
    return all.entrySet().stream()
        .sorted(
            Comparator.comparingDouble(
                (Map.Entry<BlockHash, float[]> e) -> -cosine(e.getValue(), asked)))
        .limit(TEN)
        .map(Map.Entry::getKey)
        .toList();
  }

  private static double cosine(float[] one, float[] other) {
    double dot = 0;
    double a = 0;
    double b = 0;
    for (int i = 0; i < one.length; i++) {
      dot += (double) one[i] * other[i];
      a += (double) one[i] * one[i];
      b += (double) other[i] * other[i];
    }
    return dot / Math.sqrt(a * b);
  }
}
