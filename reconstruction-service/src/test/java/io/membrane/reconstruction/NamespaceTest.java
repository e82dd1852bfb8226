package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.Tokens;
import io.membrane.rpc.Problem;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which namespace a prompt belongs to, and who can compute in it. */
class NamespaceTest extends FleetTest {

  private static final Namespace ELSEWHERE = new Namespace("llama-405b", "r9", "fp8_e4m3", 32);

  @Test
  void missingPartsComeFromTheWorkers() {
    Tokens prompt = tokens(30, 64);

    ContextResponse bare = ask(new Asked(Map.of("tokens", prompt)));
    ContextResponse byId =
        ask(new Asked(Map.of("tokens", prompt, "namespace", Map.of("model", "tiny"))));

    assertThat(bare.blockTokens()).isEqualTo(16);
    assertThat(byId.coverage().ratio()).isEqualTo(1);
  }

  @Test
  void aNamespaceThatNobodyServesIsImpossibleToPrefill() {
    Problem problem =
        post(context(tokens(31, 64)).with("namespace", NamespaceRequest.of(ELSEWHERE)).json())
            .problem(422, "impossible_request");

    assertThat(problem.detail()).contains("tiny-llama").contains("blocks of 16");
  }

  @Test
  void anIncompleteNamespaceThatFitsNoModelNamesWhatIsServed() {
    assertThat(
            post(new Asked(
                        Map.of("tokens", tokens(32, 64), "namespace", Map.of("block_tokens", 64)))
                    .json())
                .problem(422, "impossible_request")
                .detail())
        .contains("tiny-llama");
  }

  @Test
  void anyNamespaceCanBeReported() {
    Tokens prompt = tokens(33, 100);
    BlockHash root = FLEET.root(ELSEWHERE, "default");
    List<BlockHash> chain = BlockHasher.chain(root, 32, prompt);
    List<Slice> halves = List.of(Slice.parse("attn.0-63.0of1"), Slice.parse("attn.64-125.0of1"));
    for (BlockHash hash : chain) {
      halves.forEach(slice -> FLEET.put("engine", new FragmentKey(hash, slice), new byte[] {1}));
    }
    FLEET.lose(new FragmentKey(chain.get(2), halves.getLast()));

    ContextResponse answer =
        ask(
            context(prompt)
                .with("namespace", NamespaceRequest.of(ELSEWHERE))
                .with("on_miss", "report"));

    assertThat(answer.blockTokens()).isEqualTo(32);
    assertThat(answer.coverage().reusedTokens()).isEqualTo(64);
    assertThat(answer.segments().get(1).why()).contains("gone");
  }

  @Test
  void aReportWithoutWorkersLeavesTheDefaultsToTheDirectory() {
    Map<String, Object> namespace =
        Map.of("model", "llama-405b", "revision", "r9", "kv_dtype", "bf16");

    ContextResponse answer =
        ask(context(tokens(34, 300)).with("namespace", namespace).with("on_miss", "report"));

    assertThat(answer.blockTokens()).isEqualTo(256);
  }

  @Test
  void textNeedsAWorkerOfTheNamespace() {
    assertThat(
            post(new Asked(
                        Map.of(
                            "text", "hello",
                            "namespace", NamespaceRequest.of(ELSEWHERE),
                            "on_miss", "report"))
                    .json())
                .problem(422, "impossible_request")
                .detail())
        .contains("tokens");
  }
}
