package io.membrane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.membrane.cli.machine.Executables;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code plan} and {@code profile} as processes, the latter against a gateway over real HTTP. */
@Timeout(60)
class PlanAndProfileTest {

  private static final String MODELS =
      """
      {"object": "list", "data": [{"id": "tiny", "object": "model", "owned_by": "membrane",
        "namespace": {"model": "tiny", "revision": "r", "kv_dtype": "f32", "block_tokens": 256}}]}\
      """;

  @TempDir private Path home;
  private final List<String> prefills = new CopyOnWriteArrayList<>();
  private final HttpServer gateway;

  /** What the command line said and its exit status. */
  private record Said(int status, String out, String err) {}

  /** Stands in for the scheduler: says what it is asked, and unpacks itself as its jar does. */
  public static final class Echo {

    private Echo() {}

    /** Fails on a file named bad.json. */
    public static void main(String[] args) throws IOException {
      List<String> given = List.of(args);
      if (given.getFirst().equals("extract")) {
        Path to = Path.of(given.get(given.indexOf("--destination") + 1));
        Files.createDirectories(to);
        Files.copy(
            Path.of(System.getProperty("java.class.path")),
            to.resolve(given.get(given.indexOf("--application-filename") + 1)));
        return;
      }
      System.out.println("asked " + String.join(" ", args));
      System.exit(String.join(" ", args).contains("bad.json") ? 2 : 0);
    }
  }

  PlanAndProfileTest() throws IOException {
    gateway = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void aGatewayWithOneModel() {
    gateway.createContext("/v1/models", e -> answer(e, 200, MODELS));
    gateway.createContext("/v1/prefill", this::prefill);
    gateway.start();
  }

  @AfterEach
  void stopTheGateway() {
    gateway.stop(0);
  }

  @Test
  void planAsksTheSchedulersJarAndPassesItsExitStatusOn() throws Exception {
    scheduler();

    Said plain = membrane("plan");
    assertThat(plain.out().strip()).isEqualTo("asked plan");
    assertThat(plain.status()).isZero();
    Said all = membrane("plan", "--file", "a.json", "--trace", "b.jsonl", "--json");
    assertThat(all.out().strip()).isEqualTo("asked plan --file=a.json --trace=b.jsonl --json");
    assertThat(membrane("plan", "--file", "bad.json").status()).isEqualTo(2);
  }

  @Test
  void planSaysWhenTheSchedulerIsNotBuilt() throws Exception {
    Said said = membrane("plan");

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.err()).contains("scheduler-service is not built");
  }

  @Test
  void profilePrintsSamplesThatAPlanAccepts() throws Exception {
    Said said =
        membrane(
            "profile", "--gateway", url(), "--lengths", "100,600", "--repeats", "2", "--gpus", "4");

    assertThat(said.err()).contains("256 tokens: 0.2560 s, 51200 bytes of KV");
    assertThat(said.status()).isZero();
    JsonNode request = JsonMapper.shared().readTree(said.out());
    assertThat(request.get("profiles").get("tiny@cpu"))
        .isEqualTo(
            JsonMapper.shared()
                .readTree(
                    """
                    {"gpus": 4, "prefill_seconds": {"samples":
                      [[256, 0.256], [256, 0.256], [768, 0.768], [768, 0.768]]}}\
                    """));
    assertThat(request.get("model").get("kv_bytes").get("samples").get(3).get(1).asLong())
        .isEqualTo(153_600);
    assertThat(prefills)
        .hasSize(5)
        .allSatisfy(body -> assertThat(body).contains("\"store\":false"));
    assertThat(prefills).doesNotHaveDuplicates();
  }

  @Test
  void profileSaysWhatIsWrong() throws Exception {
    assertThat(membrane("profile", "--gateway", url(), "--model", "big").err())
        .contains("does not serve 'big'")
        .contains("tiny");
    assertThat(membrane("profile", "--gateway", url(), "--lengths", "100,200").err())
        .contains("in whole blocks of 256 tokens these lengths are one");
    assertThat(membrane("profile", "--gateway", url(), "--lengths", "100").err())
        .contains("2 to 64 unlike lengths");
    assertThat(membrane("profile", "--gateway", url(), "--lengths", "100,-5").err())
        .contains("a length is 1 to");
    Said refused = membrane("profile", "--gateway", url(), "--lengths", "256,4096");
    assertThat(refused.status()).isEqualTo(1);
    assertThat(refused.err()).contains("POST /v1/prefill answered 422").contains("too long");
    String gone = url();
    gateway.stop(0);
    assertThat(membrane("profile", "--gateway", gone).err()).contains("./membrane up");
  }

  private void prefill(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    prefills.add(body);
    int tokens = JsonMapper.shared().readTree(body).get("tokens").size();
    if (tokens > 1000) {
      answer(exchange, 422, "{\"detail\": \"too long\"}");
      return;
    }
    List<String> blocks = new ArrayList<>();
    for (int i = 0; i < tokens; i += 256) {
      blocks.add(
          """
          {"block_hash": "%064x", "slice": "attn.0-1.0of1", "token_span": [%d, %d],
           "bytes": 51200, "source": "prefill"}\
          """
              .formatted(i + 1, i, i + 256));
    }
    answer(
        exchange,
        200,
        """
        {"model": "tiny", "namespace": {"model": "tiny", "revision": "r", "kv_dtype": "f32",
         "block_tokens": 256}, "total_tokens": %d, "tokens_reused": 0, "tokens_computed": %d,
         "blocks": [%s], "prefix_missing": [], "device": "cpu",
         "timings_ms": {"fetch": 0, "compute": %d, "store": 0, "total": 9999}}\
        """
            .formatted(tokens, tokens, String.join(",", blocks), tokens));
  }

  private static void answer(HttpExchange exchange, int status, String body) {
    try (exchange;
        OutputStream out = exchange.getResponseBody()) {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String url() {
    return "http://127.0.0.1:" + gateway.getAddress().getPort();
  }

  private Said membrane(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Executables.java().toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Membrane.class.getName(),
                "--home=" + home));
    command.addAll(List.of(arguments));
    Path err = home.resolve("err");
    Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Said(process.waitFor(), out, Files.readString(err));
  }

  /** A scheduler that is built and unpacked. */
  private void scheduler() throws IOException {
    Path target = Files.createDirectories(home.resolve("scheduler-service/target"));
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Echo.class.getName());
    String entry = Echo.class.getName().replace('.', '/') + ".class";
    byte[] echo;
    try (var in = Echo.class.getResourceAsStream("/" + entry)) {
      echo = in == null ? new byte[0] : in.readAllBytes();
    }
    try (JarOutputStream jar =
        new JarOutputStream(
            Files.newOutputStream(target.resolve("scheduler-service-0.1-exec.jar")), manifest)) {
      jar.putNextEntry(new ZipEntry(entry));
      jar.write(echo);
    }
  }
}
