package io.membrane.directory.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SameChunksTest {

  private static final List<Namespace> NAMESPACES = List.of(Seeds.namespace(4), Seeds.namespace(8));
  private static final List<String> DOMAINS = List.of("public", "tenant:b");

  private record Told(Namespace namespace, String domain, BlockHash block, BlockHash chunk) {}

  @Test
  void theBlocksOfAChunkAreThoseThatWereLastDescribedSoWithinTheBound() {
    Seeds.forAll(
        50,
        random -> {
          List<BlockHash> hashes = Stream.generate(() -> Seeds.hash(random)).limit(12).toList();
          int bound = 1 + random.nextInt(20);
          SameChunks chunks = new SameChunks(bound);
          List<Told> oracle = new ArrayList<>();
          for (int step = 0; step < 200; step++) {
            Told told =
                new Told(
                    NAMESPACES.get(random.nextInt(2)),
                    DOMAINS.get(random.nextInt(2)),
                    hashes.get(random.nextInt(8)),
                    hashes.get(8 + random.nextInt(4)));
            chunks.put(told.namespace(), told.domain(), told.block(), told.chunk());
            oracle.removeIf(t ->
                t.namespace().equals(told.namespace())
                    && t.domain().equals(told.domain())
                    && t.block().equals(told.block()));
            oracle.addFirst(told);
            if (oracle.size() > bound) {
              oracle.removeLast();
            }
            assertThat(chunks.size()).isEqualTo(oracle.size());
            assertThat(chunks.of(told.namespace(), told.domain(), told.chunk()))
                .isEqualTo(
                    oracle.stream()
                        .filter(t ->
                            t.namespace().equals(told.namespace())
                                && t.domain().equals(told.domain())
                                && t.chunk().equals(told.chunk()))
                        .map(Told::block)
                        .toList());
          }
        });
  }

  @Test
  void ofVeryManyTheLatestAreNamed() {
    SameChunks chunks = new SameChunks(5000);
    BlockHash chunk = new BlockHash(0, 0, 0, 1);
    for (int i = 0; i < 2000; i++) {
      chunks.put(NAMESPACES.getFirst(), "public", new BlockHash(i, 0, 0, 0), chunk);
    }
    List<BlockHash> found = chunks.of(NAMESPACES.getFirst(), "public", chunk);
    assertThat(found).hasSize(SameChunks.MAX_FOUND).doesNotHaveDuplicates();
    assertThat(found.getFirst()).isEqualTo(new BlockHash(1999, 0, 0, 0));
  }
}
