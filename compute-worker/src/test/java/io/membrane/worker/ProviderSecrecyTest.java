package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.worker.provider.RemoteServer;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A provider that repeats what it was sent, well or badly, does not get it into logs. */
@ExtendWith(OutputCaptureExtension.class)
class ProviderSecrecyTest {

  private static final String PATH = "/v1/chat/completions";
  private static final String PROMPT = "Xylophonist-of-the-third-chair-and-his-debts";

  @Test
  void neitherKeyNorPromptIsLoggedOrCountedWhateverTheProviderAnswers(CapturedOutput output) {
    try (RemoteServer remote = new RemoteServer();
        FaultProxy proxy = new FaultProxy(remote.port());
        ProviderUnderTest worker =
            new ProviderUnderTest(
                "openai",
                "membrane.worker.provider.url=" + proxy.url(),
                "membrane.client.open-for=1ms",
                "logging.level.io.membrane=debug")) {
      String echo = PROMPT + " " + ProviderUnderTest.KEY;
      List<HttpResponse<String>> answers = new ArrayList<>();
      remote.answer(PATH, RemoteServer.example("openai"));
      answers.add(post(worker));
      for (String body : List.of(echo, "{\"echo\":" + echo, "{\"" + echo + "\":1}", "\"" + echo)) {
        remote.answer(PATH, body);
        answers.add(post(worker));
      }
      for (int status : new int[] {400, 401, 404, 413, 422, 429, 500}) {
        remote.answer(
            PATH, status, Map.of("Retry-After", echo), "{\"error\":{\"code\":\"" + echo + "\"}}");
        answers.add(post(worker));
        remote.answer(PATH, status, Map.of(), "{\"error\":{\"message\":\"what is " + echo + "\"}}");
        answers.add(post(worker));
      }
      for (Fault fault : List.of(new Fault.CutAfter(300), new Fault.Stall(300))) {
        proxy.inject(fault);
        answers.add(post(worker));
      }
      proxy.heal();

      assertThat(output.getAll()).doesNotContain(PROMPT, ProviderUnderTest.KEY);
      assertThat(worker.metrics()).doesNotContain(PROMPT, ProviderUnderTest.KEY);
      assertThat(answers)
          .allSatisfy(answer -> {
            String headers = answer.headers().map().toString();
            assertThat(answer.body() + headers).doesNotContain(ProviderUnderTest.KEY);
            if (answer.statusCode() != 422) {
              assertThat(answer.body() + headers).doesNotContain(PROMPT);
            }
          });
    }
  }

  private static HttpResponse<String> post(ProviderUnderTest worker) {
    return worker.post(Map.of("text", PROMPT), "Membrane-Deadline-Ms", "2000");
  }
}
