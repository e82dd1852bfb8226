package io.membrane.reconstruction;

import io.membrane.block.BlockHash;
import io.membrane.block.Tokens;
import io.membrane.tenancy.Reuse;
import io.membrane.wire.ReconstructionClient.ApproximateReport;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.test.context.TestPropertySource;

/**
 * Six blocks and a tail: the first is stored, the fourth behind other tokens, and one that is
 * similar to the third.
 */
@TestPropertySource(
    properties = {
      "membrane.reconstruction.approximate.least-similarity=0.85",
      "membrane.reconstruction.approximate.least-equal=0.7",
      "membrane.reconstruction.approximate.patience=500ms"
    })
abstract class ApproximateTest extends ReuseTest {

  static final String BOLD = "bolder";
  static final Tokens PROMPT = tokens(190, 100);
  static final Tokens ELSEWHERE = tokens(191, 96);

  @BeforeEach
  void storeAndAllow() {
    allow(BOLD, Reuse.APPROXIMATE);
    put(chain(PROMPT).getFirst());
    put(source());
    put(chain(ELSEWHERE).getFirst());
    FLEET.mean(edited(block(PROMPT, 2)), "local", source(), 64);
    FLEET.describe(block(PROMPT, 3), "local", chain(ELSEWHERE).getFirst(), 0);
  }

  double counted(String metric) {
    return get("/actuator/prometheus")
        .body()
        .lines()
        .filter(line -> line.startsWith(metric))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  ContextResponse ask(String reuse) {
    return post(context(PROMPT).with("reuse", reuse).json(), "Membrane-Tenant", BOLD).context();
  }

  static ApproximateReport report(ContextResponse answer) {
    return Objects.requireNonNull(answer.approximate());
  }

  static BlockHash source() {
    return chain(ELSEWHERE).get(4);
  }

  static Tokens edited(Tokens tokens) {
    long[] ids = tokens.toLongs();
    ids[15]++;
    return Tokens.of(ids);
  }

  static List<BlockHash> chain(Tokens tokens) {
    return chain(BOLD, tokens);
  }
}
