package io.membrane.fragment;

import static io.membrane.fragment.FragmentHttp.code;
import static io.membrane.fragment.FragmentHttp.detail;
import static io.membrane.fragment.FragmentHttp.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.inventory.Difference;
import io.membrane.fragment.inventory.Inventory;
import io.membrane.fragment.inventory.Reconciliation;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Inventories and orders of transfers over HTTP. */
class InventoryEndpointTest extends RunningService {

  private static final String OCTETS = "application/octet-stream";

  private final Random random = new Random(43);

  @Test
  void bucketsAndTheirKeysTellWhatIsThere() throws IOException {
    Map<String, String> stored = new HashMap<>();
    Inventory model = new Inventory();
    for (int i = 0; i < 300; i++) {
      FragmentKey key = FragmentHttp.key(random);
      byte[] body = Seeds.bytes(random, 10);
      http.put(key, body);
      stored.put(key.toString(), ContentDigest.of(body).toString());
      model.add(key, ContentDigest.of(body));
    }
    JsonNode overview = json(get("/v1/inventory"));
    assertThat(overview.path("keys").asLong()).isEqualTo(300);
    assertThat(overview.path("digest").asString()).isEqualTo(model.digest().sha256());
    Map<String, String> listed = new HashMap<>();
    for (JsonNode bucket : overview.path("buckets")) {
      String prefix = bucket.path("prefix").asString();
      JsonNode page = json(get("/v1/inventory?bucket=" + prefix));
      assertThat(page.path("keys")).hasSize(bucket.path("keys").asInt());
      assertThat(page.hasNonNull("next")).isFalse();
      page.path("keys")
          .forEach(each -> listed.put(each.path("key").asString(), each.path("digest").asString()));
      String first = page.path("keys").get(0).path("key").asString();
      assertThat(json(get("/v1/inventory?bucket=" + prefix + "&after=" + first)).path("keys"))
          .hasSize(bucket.path("keys").asInt() - 1);
    }
    assertThat(listed).isEqualTo(stored);
  }

  @Test
  void aTenantSeesItsOwn() throws IOException {
    http.put(FragmentHttp.key(random), bytes("x"), "Membrane-Tenant", "a");
    for (String tenant : List.of("a", "b")) {
      HttpResponse<byte[]> answer =
          http.send(http.request("/v1/inventory").header("Membrane-Tenant", tenant).GET());
      assertThat(json(answer).path("keys").asInt()).isEqualTo(tenant.equals("a") ? 1 : 0);
    }
  }

  @Test
  void questionsFindTheDifferences() throws IOException {
    Inventory here = new Inventory();
    List<Difference> wanted = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      FragmentKey key = FragmentHttp.key(random);
      byte[] body = Seeds.bytes(random, 10);
      http.put(key, body);
      if (i % 40 == 0) {
        wanted.add(new Difference(key, null, ContentDigest.of(body)));
      } else {
        here.add(key, ContentDigest.of(body));
      }
    }
    List<Difference> found = new ArrayList<>();
    Reconciliation reconciliation = new Reconciliation(here, 1 << 20, 10, random, found::add);
    for (var q = reconciliation.question(); q.isPresent(); q = reconciliation.question()) {
      HttpResponse<byte[]> answer = ask(q.get());
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(FragmentHttp.header(answer, "Content-Type")).isEqualTo(OCTETS);
      reconciliation.answer(answer.body());
    }
    assertThat(found).containsExactlyInAnyOrderElementsOf(wanted);
  }

  @Test
  void whatIsNoQuestionIsRefused() throws IOException {
    for (byte[] body : List.of(new byte[0], bytes("hello"), Seeds.bytes(random, 4096))) {
      HttpResponse<byte[]> answer = ask(body);
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(code(answer)).isEqualTo("malformed_request");
      assertThat(detail(answer)).contains("no question");
    }
    assertThat(ask(new byte[(2 << 20) + 5000]).statusCode()).isEqualTo(413);
    assertThat(http.postJson("/v1/inventory", "{}").statusCode()).isEqualTo(415);
  }

  @ParameterizedTest
  @CsvSource({
    "bucket=,two lower-case hex digits",
    "bucket=zz,two lower-case hex digits",
    "bucket=AB,two lower-case hex digits",
    "bucket=abc,two lower-case hex digits",
    "bucket=ab&after=x,after: ",
  })
  void aBadBucketSaysWhatToWrite(String query, String hint) throws IOException {
    HttpResponse<byte[]> answer = get("/v1/inventory?" + query);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(detail(answer)).contains(hint);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``|400|missing",
        "{|400|body",
        "[]|400|body",
        "{}|400|from must not be null",
        "{\"from\":null}|400|from must not be null",
        "{\"from\":\"http://a b\"}|400|from",
        "{\"from\":\"http://169.254.169.254/latest\"}|422|membrane.fragment.peers",
        "{\"from\":\"file:///etc/passwd\"}|422|membrane.fragment.peers",
        "{\"from\":\"\"}|4..|from",
        "{\"from\":\"http://x\",\"max_bytes_per_second\":0}|422|at least 65536",
        "{\"from\":\"http://x\",\"max_bytes_per_second\":\"fast\"}|400|max_bytes_per_second",
        "{\"from\":\"http://x\",\"keys\":[null]}|400|null is no key",
        "{\"from\":\"http://x\",\"keys\":[\"x\"]}|400|keys",
      })
  void aBadOrderIsRefused(String json, String status, String hint) throws IOException {
    HttpResponse<byte[]> answer = http.postJson("/v1/transfers", json);
    assertThat(Integer.toString(answer.statusCode())).as(detail(answer)).matches(status);
    assertThat(detail(answer)).contains(hint);
  }

  @Test
  void anUnknownTransferIsNotFound() throws IOException {
    assertThat(get("/v1/transfers/none").statusCode()).isEqualTo(404);
    assertThat(http.send(http.request("/v1/transfers/none").DELETE()).statusCode()).isEqualTo(404);
    assertThat(json(get("/v1/transfers")).path("transfers")).isEmpty();
  }

  private HttpResponse<byte[]> get(String path) throws IOException {
    return http.send(http.request(path).GET());
  }

  private HttpResponse<byte[]> ask(byte[] question) throws IOException {
    return http.send(
        http.request("/v1/inventory")
            .POST(BodyPublishers.ofByteArray(question))
            .header("Content-Type", OCTETS));
  }
}
