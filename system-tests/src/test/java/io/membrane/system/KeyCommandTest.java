package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.cli.Membrane;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code membrane key} as a process, against a fleet that knows its callers. */
class KeyCommandTest {

  @RegisterExtension static final SecuredFleet FLEET = SecuredFleet.shared();

  @TempDir private Path folder;
  private Path admin;

  /** What a command said, on both streams, and its exit status. */
  private record Said(int status, String text) {}

  @BeforeEach
  void keyOfAnAdministrator() throws IOException {
    admin = Files.writeString(folder.resolve("admin.key"), SecuredFleet.ADMIN + "\n");
  }

  @Test
  void aKeyIsMadeListedAndRevoked() throws Exception {
    Said made = key(admin, "create", "--tenant", "team-k", "--name", "engine 7", "--days", "1");
    String key = made.text().strip();
    assertThat(made.status()).as(made.text()).isZero();
    assertThat(FLEET.as(key).get("/v1/models").status()).isEqualTo(200);

    String id = key.split("_", 3)[1];
    Said listed = key(admin, "list");
    assertThat(listed.text().lines().filter(line -> line.contains(id)))
        .singleElement()
        .asString()
        .contains("team-k", "read,write", "engine 7")
        .doesNotContain(key);

    assertThat(key(admin, "revoke", id).status()).isZero();
    assertThat(FLEET.as(key).get("/v1/models").status()).isEqualTo(401);
  }

  @Test
  void whatTheGatewayRefusesIsSaidWithWhatToDo() throws Exception {
    Path reader = Files.writeString(folder.resolve("reader.key"), FLEET.key("team-k", "read"));

    Said refused = key(reader, "list");
    assertThat(refused.status()).isEqualTo(1);
    assertThat(refused.text()).contains("forbidden", "scope admin").doesNotContain("\tat ");
    assertThat(key(admin, "create", "--tenant", "a b", "--name", "x").status()).isEqualTo(1);
    assertThat(key(admin, "revoke", "../nodes").text()).contains("is no key's id");
    assertThat(key(admin, "create", "--name", "x").status()).isEqualTo(2);
  }

  private static Said key(Path keyFile, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Membrane.class.getName(),
                "key",
                "--gateway=" + FLEET.url(),
                "--key-file=" + keyFile));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("JAVA_TOOL_OPTIONS"); // Java would say that it has seen them.
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Said(process.waitFor(), text);
  }
}
