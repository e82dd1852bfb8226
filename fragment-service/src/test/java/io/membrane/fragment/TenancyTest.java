package io.membrane.fragment;

import static io.membrane.fragment.FragmentHttp.code;
import static io.membrane.fragment.FragmentHttp.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.store.Fragment;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.fragment.store.Name;
import io.membrane.rpc.Frame;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;

/** Tenants, their quotas and their pins, over HTTP. */
class TenancyTest extends RunningService {

  private static final String TENANT = "Membrane-Tenant";

  private final Random random = new Random(31);
  private final FragmentKey key = FragmentHttp.key(random);

  @Autowired private MemoryTier memory;

  @Test
  void aTenantNeitherReadsNorProbesWhatIsAnothers() throws IOException {
    http.put(key, bytes("of a"), TENANT, "a");
    assertThat(http.get(key, TENANT, "a").body()).isEqualTo(bytes("of a"));
    for (String other : List.of("b", "default")) {
      HttpResponse<byte[]> got = http.get(key, TENANT, other);
      assertThat(got.statusCode()).isEqualTo(404);
      assertThat(code(got)).isEqualTo("fragment_not_found");
      assertThat(http.head(key, TENANT, other).statusCode()).isEqualTo(404);
      assertThat(http.get(key, TENANT, other, "If-None-Match", "*").statusCode()).isEqualTo(404);
    }
    assertThat(http.exists(List.of(key)).present()).containsExactly(false);
    assertThat(http.batchGet(List.of(key))).extracting(Frame::status).containsExactly(404);
    assertThat(http.put(key, bytes("of b"), TENANT, "b").statusCode()).isEqualTo(201);
    assertThat(http.get(key, TENANT, "a").body()).isEqualTo(bytes("of a"));
  }

  @Test
  void whoSharesAGroupReadsTogetherAndOnlyTheOwnerRemoves() throws IOException {
    for (String tenant : List.of("g1", "g2")) {
      assertThat(policy(tenant, "{\"sharing\":\"group\",\"group\":\"g\"}").statusCode())
          .isEqualTo(200);
    }
    http.put(key, bytes("shared"), TENANT, "g1");
    assertThat(http.get(key, TENANT, "g2").body()).isEqualTo(bytes("shared"));
    assertThat(http.put(key, bytes("shared"), TENANT, "g2").statusCode()).isEqualTo(200);
    HttpResponse<byte[]> removal =
        http.send(http.request("/v1/fragments/" + key).DELETE().header(TENANT, "g2"));
    assertThat(removal.statusCode()).isEqualTo(403);
    assertThat(http.get(key, TENANT, "g1").statusCode()).isEqualTo(200);
  }

  @Test
  void aQuotaIsSaidAndHeldAndFreedByRemovals() throws IOException {
    policy("q", "{\"quota_bytes\":1000,\"quota_fragments\":3}");
    assertThat(http.put(key, new byte[900], TENANT, "q").statusCode()).isEqualTo(201);
    HttpResponse<byte[]> refused = http.put(FragmentHttp.key(random), new byte[101], TENANT, "q");
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(code(refused)).isEqualTo("quota_exceeded");
    assertThat(usage("q"))
        .isEqualTo(
            "{\"tenant\":\"q\",\"bytes\":900,\"quota_bytes\":1000,\"fragments\":1,"
                + "\"quota_fragments\":3}");
    http.send(http.request("/v1/fragments/" + key).DELETE().header(TENANT, "q"));
    assertThat(http.put(FragmentHttp.key(random), new byte[101], TENANT, "q").statusCode())
        .isEqualTo(201);
    assertThat(usage("nobody")).isEqualTo("{\"tenant\":\"nobody\",\"bytes\":0,\"fragments\":0}");
  }

  @Test
  void aPolicyGivesLifeToWhatNamesNone() throws IOException {
    policy("t", "{\"ttl_seconds\":100,\"reuse\":\"shifted\"}");
    http.put(key, bytes("x"), TENANT, "t");
    String left = FragmentHttp.header(http.head(key, TENANT, "t"), "Membrane-Ttl");
    assertThat(Integer.parseInt(left)).isBetween(90, 100);
    assertThat(json(http.send(http.request("/v1/tenants/t/policy").GET())).toString())
        .isEqualTo(
            "{\"ttl_seconds\":100,\"sharing\":\"isolated\",\"priority_class\":3,"
                + "\"reuse\":\"shifted\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'quota_bytes':-1}|422|quota_bytes",
        "{'sharing':'group'}|422|group",
        "{'group':'g'}|422|group",
        "{'sharing':'group','group':'a b'}|422|group",
        "{'priority_class':8}|422|priority_class",
        "{'ttl_seconds':0}|422|ttl_seconds",
        "{'sharing':'friends'}|400|sharing",
        "{'reuse':'anything'}|400|reuse",
        "{'quota_bytes':'many'}|400|quota_bytes",
      })
  void aPolicyThatCannotBeSaysWhy(String body, int status, String hint) throws IOException {
    HttpResponse<byte[]> answer = policy("p", body.replace('\'', '"'));
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(FragmentHttp.detail(answer)).contains(hint);
  }

  @Test
  void aPinSaysWhatItKeepsAndEnds() throws IOException {
    http.put(key, bytes("x"));
    FragmentKey missing = FragmentHttp.key(random);
    HttpResponse<byte[]> pinned = pin("answers", List.of(key, missing), 60);
    assertThat(new String(pinned.body(), StandardCharsets.UTF_8))
        .isEqualTo("{\"pinned\":[true,false],\"count\":1}");
    assertThat(pin("bad name", List.of(key), 60).statusCode()).isEqualTo(400);
    assertThat(pin("answers", List.of(key), 0).statusCode()).isEqualTo(400);
    for (int i = 0; i < 2; i++) {
      assertThat(http.send(http.request("/v1/pins/answers").DELETE()).statusCode()).isEqualTo(204);
    }
  }

  @Test
  void whatIsPrefetchedIsReadFromMemory() throws IOException {
    http.put(key, bytes("x"));
    Name name = Name.of("tenant:default", key);
    memory.forget(name);
    HttpResponse<byte[]> answer =
        http.postJson("/v1/fragments/prefetch", FragmentHttp.keys(List.of(key)));
    assertThat(answer.statusCode()).isEqualTo(202);
    Awaitility.await().until(() -> isInMemory(name));
  }

  private boolean isInMemory(Name name) {
    try (Fragment found = memory.find(name)) {
      return found != null;
    }
  }

  private HttpResponse<byte[]> pin(String name, List<FragmentKey> keys, long seconds)
      throws IOException {
    String body = FragmentHttp.keys(keys).replaceFirst("}$", ",\"ttl_seconds\":" + seconds + "}");
    return http.send(
        http.request("/v1/pins/" + name.replace(" ", "%20"))
            .PUT(BodyPublishers.ofString(body))
            .header("Content-Type", "application/json"));
  }

  private HttpResponse<byte[]> policy(String tenant, String json) throws IOException {
    return http.send(
        http.request("/v1/tenants/" + tenant + "/policy")
            .PUT(BodyPublishers.ofString(json))
            .header("Content-Type", "application/json"));
  }

  private String usage(String tenant) throws IOException {
    return json(http.send(http.request("/v1/tenants/" + tenant + "/usage").GET())).toString();
  }
}
