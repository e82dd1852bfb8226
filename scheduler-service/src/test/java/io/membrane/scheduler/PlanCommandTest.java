package io.membrane.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PlanCommandTest {

  @TempDir private Path folder;

  /** Exit status and what was said. */
  private record Said(int status, String out, String err) {}

  @Test
  void withoutOptionsItPrintsTable6BesideThePaper() {
    Said said = plan();

    assertThat(said.status()).isZero();
    assertThat(said.err()).isEmpty();
    assertThat(said.out())
        .containsPattern("prfaas_pd +threshold_tokens +19400 +19351 +-0.3%")
        .containsPattern("lambda_max_rps +3.24 +3.263 +0.7%\n")
        .containsPattern("theta_pd_p_rps +1.64 +1.642 +0.1%  fitted")
        .containsPattern("homogeneous_pd +n_prefill +0 +0 +0.0%  given")
        .containsPattern("egress_gbps +13.00 +12.448 +-4.2%\n")
        .contains("What binds: prefill cluster, local prefill")
        .containsPattern("10.00 +3.035 +25625 +4 +4  link")
        .contains("one more h200 instance in 'prfaas': 3.894 instead of 3.263 rps (+19.3 %)")
        .contains("Note: fitted on the paper's Table 6")
        .doesNotContain("Cost:");
  }

  @Test
  void aRequestOfOnesOwnIsPrintedWithoutThePaper() throws IOException {
    Said said =
        plan(
            "--file="
                + file(
                    """
                    {"profiles": {"h20": {"gpus": 8, "prefill_seconds": {"polynomial": [0.5, 1e-4]},
                      "decode": {"max_batch": 20, "step_ms": 25}, "usd_per_gpu_hour": 1.5}},
                     "workload": {"arrival_rps": 2}}\
                    """));

    assertThat(said.status()).isZero();
    assertThat(said.out())
        .doesNotContain("paper  ")
        .doesNotContain("Table 6 of")
        .contains("homogeneous PD")
        .contains("Cost: ")
        .contains("USD per million")
        .contains("At 2.000 rps: ");
  }

  @Test
  void jsonIsTheAnswerOfTheService() {
    JsonNode plan = JsonMapper.shared().readTree(plan("--json").out());

    assertThat(plan.get("best").get("theta_pd_p_rps").asDouble()).isBetween(1.64, 1.65);
    assertThat(plan.get("reproduction").size()).isEqualTo(29);
  }

  @Test
  void lengthsComeFromATraceAfterItsOwnPrefixHits() throws IOException {
    Path trace =
        Files.writeString(
            folder.resolve("t.jsonl"),
            """
            {"timestamp": 0, "input_length": 1000, "output_length": 100, "hash_ids": [1, 2]}
            {"timestamp": 5, "input_length": 1500, "output_length": 300, "hash_ids": [1, 2, 3]}
            """);
    JsonNode plan = JsonMapper.shared().readTree(plan("--trace=" + trace, "--json").out());

    assertThat(plan.has("reproduction")).isFalse();
    double perInstance = 0.7817 * 1024 / 200;
    assertThat(plan.get("best").get("theta_pd_d_rps").asDouble() / perInstance)
        .isCloseTo(plan.get("best").get("n_d").asInt(), within(1e-3));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{ | the request is not readable",
        "{\"clusters\": 5} | the request is not readable: clusters: write an array (line 1",
        "{\"workload\": {\"output_tokens\": NaN}} | workload.output_tokens: NaN is not a number",
        "{\"clusters\": [{\"cluster\": \"a\", \"role\": \"pd\", \"instances\": {\"h20\": 1}}]} | no threshold and split serve",
      })
  void badInputIsSaidPlainlyWithStatus2(String body, String reason) throws IOException {
    Said said = plan("--file=" + file(body));

    assertThat(said.status()).isEqualTo(2);
    assertThat(said.out()).isEmpty();
    assertThat(said.err())
        .contains(reason)
        .doesNotContain("Exception")
        .doesNotContain("io.membrane");
  }

  @Test
  void aMissingFileADirectoryAnEmptyTraceAndAnUnknownOptionAreSaidPlainly() throws IOException {
    assertThat(plan("--file=" + folder.resolve("none.json")).err()).contains("there is no file");
    assertThat(plan("--trace=" + folder.resolve("none.jsonl")).err()).contains("there is no file");
    assertThat(plan("--file=" + folder).err()).contains(folder + " is a directory");
    assertThat(plan("--trace=" + file("")).err()).isNotBlank();
    assertThat(plan("--trace=" + file("{}")).err()).contains("line 1");
    assertThat(plan("--speed").err()).contains("usage: plan");
    assertThat(plan("--speed").status()).isEqualTo(2);
  }

  private Path file(String body) throws IOException {
    return Files.writeString(folder.resolve("request.json"), body);
  }

  private static Said plan(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        PlanCommand.run(
            arguments,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Said(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
