package io.membrane.cli;

import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.FleetProblem;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "key",
    mixinStandardHelpOptions = true,
    description = "Make, list and revoke the API keys of a gateway.")
final class Key {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int FIRST_REFUSAL = 400;

  private final Membrane membrane;

  @Option(
      names = "--gateway",
      paramLabel = "URL",
      description = "The gateway. Default: ${DEFAULT-VALUE}.")
  private URI gateway = URI.create("http://127.0.0.1:" + FleetPlan.DEFAULT_PORT_BASE);

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description = "Holds the key of an administrator. Not needed where everybody is one.")
  private @Nullable Path keyFile;

  Key(Membrane membrane) {
    this.membrane = membrane;
  }

  @Command(name = "create", description = "Make a key; it is printed once.")
  int create(
      @Option(names = "--tenant", required = true, paramLabel = "NAME") String tenant,
      @Option(names = "--name", required = true, description = "Who has it.") String name,
      @Option(
              names = "--scopes",
              split = ",",
              defaultValue = "read,write",
              description = "Some of read, write, engine, admin. Default: ${DEFAULT-VALUE}.")
          List<String> scopes,
      @Option(names = "--days", defaultValue = "90", description = "Default: ${DEFAULT-VALUE}.")
          long days)
      throws IOException, InterruptedException {
    Map<String, Object> body =
        Map.of(
            "tenant", tenant,
            "name", name,
            "scopes", scopes,
            "expires_in_s", Duration.ofDays(days).toSeconds());
    HttpRequest.Builder request =
        request("/v1/keys")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(body)));
    membrane.out().println(send(request).get("key").asString());
    return 0;
  }

  @Command(name = "list", description = "All keys, without their secrets.")
  int list() throws IOException, InterruptedException {
    for (JsonNode key : send(request("/v1/keys").GET()).get("keys")) {
      membrane
          .out()
          .printf(
              "%-22s %-16s %-28s until %s  %s%n",
              key.get("id").asString(),
              key.get("tenant").asString(),
              String.join(",", key.get("scopes").valueStream().map(JsonNode::asString).toList()),
              Instant.ofEpochMilli(key.get("expires").asLong()),
              key.get("name").asString());
    }
    return 0;
  }

  @Command(name = "revoke", description = "End a key.")
  int revoke(@Parameters(paramLabel = "ID") String id) throws IOException, InterruptedException {
    if (!id.matches("[a-z0-9]{1,32}")) {
      throw new FleetProblem(id + " is no key's id", "./membrane key list shows them");
    }
    send(request("/v1/keys/" + id).DELETE());
    return 0;
  }

  private HttpRequest.Builder request(String path) throws IOException {
    HttpRequest.Builder request = HttpRequest.newBuilder(gateway.resolve(path)).timeout(PATIENCE);
    if (keyFile != null) {
      request.header("Authorization", "Bearer " + Files.readString(keyFile).strip());
    }
    return request;
  }

  private static JsonNode send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
      HttpResponse<byte[]> answer = http.send(request.build(), BodyHandlers.ofByteArray());
      if (answer.statusCode() >= FIRST_REFUSAL) {
        Problem problem = WireJson.mapper().readValue(answer.body(), Problem.class);
        throw new FleetProblem(
            "the gateway refused: " + problem.code(), String.valueOf(problem.detail()));
      }
      return WireJson.mapper()
          .readTree(
              answer.body().length == 0 ? "{}".getBytes(StandardCharsets.US_ASCII) : answer.body());
    }
  }
}
