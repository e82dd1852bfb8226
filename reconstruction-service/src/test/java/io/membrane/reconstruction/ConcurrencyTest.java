package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.Tokens;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class ConcurrencyTest extends FleetTest {

  @Test
  void identicalPromptsAtOnceGetConsistentAnswers()
      throws InterruptedException, ExecutionException, TimeoutException {
    Tokens prompt = tokens(80, 1000);
    List<ContextResponse> answers = new ArrayList<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<ContextResponse>> calls = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        calls.add(callers.submit(() -> ask(context(prompt))));
      }
      for (Future<ContextResponse> call : calls) {
        answers.add(call.get(30, TimeUnit.SECONDS));
      }
    }

    assertThat(answers).extracting(ContextResponse::contextId).doesNotHaveDuplicates();
    assertThat(answers)
        .allSatisfy(answer -> {
          assertThat(answer.totalTokens()).isEqualTo(1000);
          assertThat(answer.coverage().missingTokens()).isZero();
          assertThat(answer.coverage().reusedTokens() + answer.coverage().prefilledTokens())
              .isEqualTo(1000);
          assertThat(answer.segments().stream().map(Segment::blockHashes).flatMap(List::stream))
              .isEqualTo(hashes(prompt));
        });
    assertThat(ask(context(prompt)).coverage().reusedTokens()).isEqualTo(992);
  }
}
