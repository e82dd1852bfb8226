package io.membrane.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.system.Http.Answer;
import io.membrane.system.SecuredFleet.Caller;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a stranger, or a tenant that wants more than its own, tries at the gateway and gets: the
 * table of docs/operations/security.md.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class AttacksTest {

  @RegisterExtension static final SecuredFleet FLEET = SecuredFleet.shared();

  private static final RawRequest.Body NONE = out -> {};

  private final Random random = new Random(26);

  @Test
  void anotherTenantsHashIsAsOneThatNobodyHas() throws IOException {
    String path = stored("victim-1");
    Caller thief = reader("thief-1");

    Answer foreign = thief.get(path);
    Answer unknown = thief.get(path());
    assertThat(generalised(foreign)).isEqualTo(generalised(unknown));
    Answer exists = thief.post("/v1/fragments/exists", Map.of("keys", List.of(key(path))));
    AttackTable.holds("foreign tenant's hash", outcome(foreign), exists.json().toString());
  }

  @Test
  void aForgedHeaderMakesNobodyAnotherTenant() throws IOException {
    String path = stored("victim-2");
    Caller thief = reader("thief-2");

    Answer tenant = with(thief, path, "Membrane-Tenant", "victim-2");
    Answer peer = with(thief, path, "Membrane-Peer", "node-1");
    Answer usage =
        with(thief, "/v1/tenants/victim-2/usage", "X-Forwarded-Prefix", "/v1/tenants/thief-2");
    AttackTable.holds("forged header", outcome(tenant), outcome(peer), outcome(usage));
  }

  @Test
  void anOversizedBodyIsRefusedBeforeItIsThere() throws IOException {
    String head = put("writer");
    String announced =
        RawRequest.send(FLEET.url(), head + "Content-Length: 1099511627776\r\n", NONE);
    byte[] piece = new byte[1 << 20];
    String endless =
        RawRequest.send(
            FLEET.url(),
            head + "Transfer-Encoding: chunked\r\n",
            out -> {
              while (!Thread.interrupted()) {
                out.write("100000\r\n".getBytes(US_ASCII));
                out.write(piece);
                out.write("\r\n".getBytes(US_ASCII));
              }
            });
    AttackTable.holds("oversized body", announced, endless);
  }

  @Test
  void aSlowBodyIsEnded() throws IOException {
    String outcome =
        RawRequest.send(
            FLEET.url(),
            put("slow") + "Content-Length: 100000\r\n",
            out -> {
              while (!Thread.interrupted()) {
                out.write('x');
                out.flush();
                Thread.sleep(50);
              }
            });
    AttackTable.holds("slow body", outcome);
  }

  @Test
  void pathTricksLeadNowhere() throws IOException {
    List<String> outcomes =
        List.of(
                "GET /memory/../v1/keys",
                "GET /memory/%2e%2e/v1/keys",
                "GET /memory/a%2f..%2f..%2fv1%2fkeys/k",
                "GET /memory//v1/keys",
                "GET /memory/a;/../../v1/keys",
                "GET /memory/a\\..\\..\\v1\\keys",
                "GET /memory/a%00/k",
                "DELETE /%6demory/victim")
            .stream()
            .map(line -> sent(line + " HTTP/1.1\r\n" + credential(FLEET.key("tricks", "write"))))
            .toList();
    assertThat(outcomes.subList(0, 7)).containsOnly(outcomes.getFirst());
    AttackTable.holds("path tricks on `/memory`", outcomes.getFirst(), outcomes.getLast());
  }

  @Test
  void aReplayedTokenIsRefused() throws IOException {
    Answer made =
        FLEET
            .as(SecuredFleet.ADMIN)
            .post("/v1/keys", Map.of("tenant", "t", "name", "lost", "scopes", List.of("read")));
    Caller holder = FLEET.as(made.json().get("key").asString());
    assertThat(holder.get("/v1/models").status()).isEqualTo(200);
    Caller admin = FLEET.as(SecuredFleet.ADMIN);
    String id = made.json().get("id").asString();
    admin.http().send(admin.request("/v1/keys/" + id).DELETE());
    Caller late =
        FLEET.as(FLEET.issuer().token("t", "membrane", "read", Instant.now().minusSeconds(60)));

    AttackTable.holds(
        "replayed token", outcome(holder.get("/v1/models")), outcome(late.get("/v1/models")));
  }

  @Test
  void thePublicPortManagesNothing() throws IOException {
    String stranger = outcome(FLEET.http().get("/actuator/heapdump"));
    String admin = outcome(FLEET.as(SecuredFleet.ADMIN).get("/actuator/heapdump"));
    Http management = FLEET.management();
    HttpRequest.Builder shutdown =
        management.request("/actuator/shutdown").POST(HttpRequest.BodyPublishers.noBody());
    AttackTable.holds(
        "management port",
        stranger,
        admin,
        String.valueOf(management.get("/actuator/env").status()),
        String.valueOf(management.send(shutdown).status()));
  }

  @Test
  void aScrapeTellsNoSecretAndNotToThePublic() throws IOException {
    String path = stored("victim-3");
    Caller thief = reader("thief-3");
    String scraped = outcome(thief.get("/actuator/prometheus"));

    Answer metrics = FLEET.management().get("/actuator/prometheus");
    assertThat(metrics.text())
        .contains("membrane_gateway_")
        .doesNotContain(key(path).substring(0, 64))
        .doesNotContain(thief.credential());
    AttackTable.holds("metrics scrape", scraped, String.valueOf(metrics.status()));
  }

  @Test
  void nothingThatIsSentBeginsALineOfTheLog() throws IOException {
    String forged = "%0d%0a{\"principal\":\"forged\",\"status\":200}";
    String path = sent("GET /v1/models/" + forged + " HTTP/1.1\r\n" + credential("mbr_a_b"));
    String header =
        sent("GET /v1/models HTTP/1.1\r\nAuthorization: Bearer mbr_a\u000b{\"forged\":1}\r\n");
    Caller reader = reader("injector");
    String accepted =
        outcome(reader.get("/v1/tenants/x%22,%22principal%22:%22forged%22,%22a%22:%22/usage"));
    assertThat(FLEET.log().lines())
        .noneMatch(line -> line.startsWith("{\"principal\"") || line.startsWith("{\"forged\""))
        .noneMatch(line -> line.contains("\"principal\":\"forged\""));
    AttackTable.holds("log injection", path, header, accepted);
  }

  private String stored(String tenant) {
    String path = path();
    Answer put = FLEET.as(FLEET.key(tenant, "write")).put(path, Seeds.bytes(random, 1000));
    assertThat(put.status()).as(put.text()).isEqualTo(201);
    return path;
  }

  private String path() {
    return "/v1/fragments/" + Seeds.hash(random).hex() + "/attn.0-3.0of1";
  }

  private static String key(String path) {
    return path.substring("/v1/fragments/".length());
  }

  private static Caller reader(String tenant) {
    return FLEET.as(FLEET.key(tenant, "read"));
  }

  private static Answer with(Caller caller, String path, String header, String value) {
    return caller.http().send(caller.request(path).header(header, value).GET());
  }

  /** The beginning of an upload of a fragment. */
  private String put(String tenant) {
    return "PUT "
        + path()
        + " HTTP/1.1\r\nMembrane-Namespace: "
        + Caller.NAMESPACE
        + "\r\nMembrane-Parent: root\r\nMembrane-Token-Span: 0-16\r\n"
        + credential(FLEET.key(tenant, "write"));
  }

  private static String credential(String credential) {
    return "Authorization: Bearer " + credential + "\r\n";
  }

  private static String sent(String head) {
    try {
      return RawRequest.send(FLEET.url(), head, NONE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Without what is anew in every answer. */
  private static String generalised(Answer answer) {
    return answer.text().replaceAll("[0-9a-f]{32,}", "…");
  }

  private static String outcome(Answer answer) {
    return answer.status() == 200
        ? "200"
        : answer.status() + " " + answer.problem(answer.status()).code();
  }
}
