package io.membrane.block;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BlockHasherTest {

  record GoldenNamespace(
      String model, String revision, String kvDtype, int blockTokens, String sharingSalt) {}

  record Golden(
      GoldenNamespace namespace,
      Tokens tokens,
      @JsonProperty("extra_by_block") Map<String, String> extra,
      BlockHash root,
      List<BlockHash> blockHashes,
      @Nullable BlockHash firstChunkHash) {

    Namespace plain() {
      return new Namespace(
          namespace.model(), namespace.revision(), namespace.kvDtype(), namespace.blockTokens());
    }

    @Override
    public String toString() {
      return namespace + ", " + tokens;
    }
  }

  static Stream<Golden> vectors() throws Exception {
    try (InputStream in = BlockHasherTest.class.getResourceAsStream("/identity/vectors.json")) {
      return Stream.of(WireJson.mapper().readValue(Objects.requireNonNull(in), Golden[].class));
    }
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void everyGoldenVectorIsReproduced(Golden golden) {
    BlockHash root = BlockHasher.root(golden.plain(), golden.namespace().sharingSalt());
    assertThat(root).isEqualTo(golden.root());
    assertThat(
            BlockHasher.chain(
                root,
                golden.namespace().blockTokens(),
                golden.tokens(),
                block -> golden.extra().getOrDefault(Integer.toString(block), "")))
        .isEqualTo(golden.blockHashes());
    if (golden.firstChunkHash() != null) {
      assertThat(
              BlockHasher.chunk(
                  golden.plain(),
                  golden.namespace().sharingSalt(),
                  golden.tokens().slice(0, golden.namespace().blockTokens()),
                  golden.extra().getOrDefault("0", "")))
          .isEqualTo(golden.firstChunkHash());
    }
  }

  @Test
  void aChainIsWhatHashingBlockAfterBlockByHandGives() {
    Seeds.forAll(
        50,
        random -> {
          int blockTokens = random.nextInt(1, 40);
          Tokens tokens = Seeds.tokens(random, random.nextInt(0, 300), Integer.MAX_VALUE);
          Namespace namespace = Seeds.namespace(blockTokens);
          BlockHash root = BlockHasher.root(namespace, "salt");
          assertThat(BlockHasher.chain(root, blockTokens, tokens))
              .isEqualTo(naiveChain(root, blockTokens, tokens));
        });
  }

  @Test
  void promptsThatShareABeginningShareExactlyItsFullBlocks() {
    Seeds.forAll(
        50,
        random -> {
          int blockTokens = random.nextInt(1, 20);
          int shared = random.nextInt(0, 200);
          Tokens a = Seeds.tokens(random, shared + 50, 1000);
          int[] other = new int[shared + 50];
          for (int i = 0; i < other.length; i++) {
            other[i] = i < shared ? (int) a.get(i) : (int) a.get(i) + 1;
          }
          BlockHash root = BlockHasher.root(Seeds.namespace(blockTokens), "");
          List<BlockHash> left = BlockHasher.chain(root, blockTokens, a);
          List<BlockHash> right = BlockHasher.chain(root, blockTokens, Tokens.ofInts(other));
          int common = 0;
          while (common < left.size() && left.get(common).equals(right.get(common))) {
            common++;
          }
          assertThat(common).isEqualTo(Math.min(shared / blockTokens, left.size()));
        });
  }

  @Test
  void anotherSaltIsAnotherWorld() {
    Namespace namespace = Seeds.namespace(16);
    assertThat(BlockHasher.root(namespace, "a")).isNotEqualTo(BlockHasher.root(namespace, "b"));
    assertThat(BlockHasher.root(namespace, "")).isNotEqualTo(BlockHasher.root(namespace, "a"));
  }

  private static List<BlockHash> naiveChain(BlockHash root, int blockTokens, Tokens tokens) {
    try {
      List<BlockHash> chain = new ArrayList<>();
      String parent = root.hex();
      for (int i = 0; i + blockTokens <= tokens.length(); i += blockTokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(HexFormat.of().parseHex(parent));
        for (int j = i; j < i + blockTokens; j++) {
          for (int shift = 0; shift < 32; shift += 8) {
            bytes.write((int) (tokens.get(j) >> shift));
          }
        }
        bytes.write(new byte[4]);
        parent =
            HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray()));
        chain.add(BlockHash.parse(parent));
      }
      return chain;
    } catch (Exception e) {
      throw new AssertionError("the oracle failed", e);
    }
  }
}
