package io.membrane.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.boot.StartupProblem;
import io.membrane.fixture.ServiceUnderTest;
import io.membrane.worker.provider.ApiKey;
import io.membrane.worker.provider.NumberedDirectory;
import io.membrane.worker.provider.RemoteServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ProviderSettingsTest {

  private static final String SECRET = "sk-not-to-be-seen";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          gpt4all   |                                    | membrane.worker.backend is 'gpt4all'  | Write local, or one of openai
          openai    | provider.model=                    | provider.model is not set             | as openai has it
          openai    | provider.ttl=1h                    | PT1H, which openai does not offer     | 5m, 30m or 24h for openai
          anthropic | provider.ttl=24h                   | PT24H, which anthropic does not offer | 5m or 1h for anthropic
          ollama    | provider.ttl=0s                    | PT0S, which ollama does not offer     | else 1s to 24h
          vllm      |                                    | provider.url is not set               | base URL
          vllm      | provider.url=ftp://vllm:1          | not a plain http or https URL         | base URL
          vllm      | provider.url=http://me:pw@vllm     | not a plain http or https URL         | api-key
          sglang    | provider.kv-transfer=true          | kv-transfer is true                   | Leave it out
          vllm      | provider.disaggregated=true        | disaggregated is true                 | Leave it out
          anthropic | provider.api=responses             | api is set, which is for openai alone | Leave it out
          openai    | provider.api-key=                  | api-key is empty                      | as the provider gave it
          openai    | provider.api-key=sk-not to-be-seen | api-key is empty, or holds blanks     | as the provider gave it
          openai    | provider.price.input=1             | some are missing                      | per million tokens, or none
          openai    | model=models/tiny-llama            | membrane.worker.model is for a model  | Leave it out
          openai    | describe-blocks=true               | membrane.worker.describe-blocks is    | Leave it out
          openai    | kv-dtype=bf16                      | kv-dtype is set, and openai gives no  | Leave it out
          openai    | model-id=                          | model must not be blank               | membrane.worker.model-id
          """)
  void aWrongConfigurationStopsTheStart(
      String backend, String property, String problem, String action) {
    Map<String, String> values = valid(backend);
    if (property != null) {
      String[] parts = property.split("=", 2);
      values.put(parts[0], parts[1]);
    }
    assertThatThrownBy(() -> settings(values))
        .isInstanceOfSatisfying(
            StartupProblem.class,
            e -> {
              assertThat(e.getMessage()).contains(problem);
              assertThat(e.action()).contains(action);
              assertThat(e.getMessage() + e.action()).doesNotContain("sk-not", "pw");
            });
  }

  @Test
  void aHostedApiNeedsAKey() {
    Map<String, String> values = valid("anthropic");
    values.remove("provider.api-key");
    assertThatThrownBy(() -> settings(values))
        .isInstanceOfSatisfying(
            StartupProblem.class,
            e -> assertThat(e.action()).contains("MEMBRANE_WORKER_PROVIDER_APIKEY", "configtree"));
  }

  @Test
  void defaultsAreTheProvidersOwn() {
    ProviderSettings openai = settings(valid("openai"));
    assertThat(openai.url()).hasToString("https://api.openai.com");
    assertThat(openai.model().lifetime()).isEqualTo(Duration.ofMinutes(5));
    assertThat(openai.model().namespace().revision()).isEqualTo("system");
    assertThat(openai.prices()).isNull();
    Map<String, String> vllm = valid("vllm");
    vllm.remove("provider.api-key");
    vllm.put("provider.url", "http://vllm:8000");
    assertThat(settings(vllm).model().lifetime()).isNull();
    assertThat(settings(vllm).model().namespace().model()).isEqualTo("m-1");
  }

  @Test
  void aKeyIsNeverWritten() {
    ProviderSettings settings = settings(valid("openai"));
    assertThat(settings.toString() + properties(valid("openai"))).doesNotContain(SECRET);
    assertThat(new ApiKey(SECRET + "\n").isSendable()).isTrue();
  }

  @Test
  void aKeyIsReadFromAFileOfSecrets(@TempDir Path secrets) throws Exception {
    Files.writeString(secrets.resolve("membrane.worker.provider.api-key"), "sk-from-a-file\n");
    try (RemoteServer remote = new RemoteServer();
        NumberedDirectory directory = new NumberedDirectory();
        ServiceUnderTest service =
            worker(
                remote, directory, "spring.config.import=optional:configtree:" + secrets + "/")) {
      remote.answer("/v1/chat/completions", RemoteServer.example("openai"));
      ServiceUnderTest.ok(service.post("/v1/prefill", "{\"text\":\"a\"}"));
      assertThat(remote.calls().getFirst().headers())
          .containsEntry("authorization", "Bearer sk-from-a-file");
    }
  }

  @Test
  void aKeyInAFileOfItsOwnMayBeExchangedWhileTheWorkerRuns(@TempDir Path secrets) throws Exception {
    Path file = Files.writeString(secrets.resolve("key"), "sk-first\n");
    try (RemoteServer remote = new RemoteServer();
        NumberedDirectory directory = new NumberedDirectory();
        ServiceUnderTest service =
            worker(remote, directory, "membrane.worker.provider.api-key-file=" + file)) {
      for (String written : List.of("sk-first", "sk-second", "not sendable", "")) {
        Files.writeString(file, written);
        remote.answer("/v1/chat/completions", RemoteServer.example("openai"));
        ServiceUnderTest.ok(service.post("/v1/prefill", "{\"text\":\"a" + written + "\"}"));
      }
      assertThat(remote.calls())
          .extracting(call -> call.headers().get("authorization"))
          .containsExactly(
              "Bearer sk-first", "Bearer sk-second", "Bearer sk-second", "Bearer sk-second");
    }
  }

  private static Map<String, String> valid(String backend) {
    return new HashMap<>(
        Map.of("backend", backend, "provider.model", "m-1", "provider.api-key", SECRET));
  }

  private static ProviderSettings settings(Map<String, String> values) {
    Binder binder = new Binder(new MapConfigurationPropertySource(values));
    return ProviderSettings.of(binder.bindOrCreate("", WorkerProperties.class), properties(values));
  }

  private static ProviderProperties properties(Map<String, String> values) {
    return new Binder(new MapConfigurationPropertySource(values))
        .bindOrCreate("provider", ProviderProperties.class);
  }

  /**
   * @param key the property that tells where the API key is
   */
  private static ServiceUnderTest worker(
      RemoteServer remote, NumberedDirectory directory, String key) {
    return new ServiceUnderTest(
        WorkerApplication.class,
        "membrane.worker.backend=openai",
        "membrane.worker.provider.model=m-1",
        "membrane.worker.provider.url=" + remote.url(),
        "membrane.client.peers.directory-service=" + directory.url(),
        key);
  }
}
