package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import io.membrane.system.Http.Answer;
import io.membrane.system.SecuredFleet.Caller;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A fleet that knows its callers: keys, and tokens of an issuer. */
class SecuredFleetTest {

  @RegisterExtension static final SecuredFleet FLEET = SecuredFleet.shared();

  @Test
  void strangersAreTurnedAwayFromEverything() {
    for (String path : List.of("/", "/v1/models", "/v1/keys", "/v3/api-docs", "/actuator/health")) {
      assertThat(FLEET.http().get(path).problem(401).code()).isEqualTo("unauthenticated");
    }
    assertThat(FLEET.as("mbr_bootstrap_" + "f".repeat(64)).get("/v1/models").status())
        .isEqualTo(401);
  }

  @Test
  void aKeysTenantReusesItsOwnPromptsAndNobodyElses() {
    Caller first = FLEET.as(FLEET.key("team-a", "read", "write"));
    Caller second = FLEET.as(FLEET.issuer().token("team-b", "membrane", "read write"));
    Map<String, Object> prompt =
        Map.of("tokens", LongStream.range(0, 300).map(i -> i * 7 % 1000).toArray());

    assertThat(context(first, prompt).coverage().reusedTokens()).isZero();
    assertThat(context(first, prompt).coverage().reusedTokens()).isGreaterThan(200);
    assertThat(context(second, prompt).coverage().reusedTokens()).isZero();
  }

  @Test
  void anotherTenantsFragmentIsNotFoundAndItsUsageForbidden() {
    Caller owner = FLEET.as(FLEET.key("owner", "read", "write"));
    Caller other = FLEET.as(FLEET.key("other", "read", "write"));
    Random random = new Random(1);
    String path = "/v1/fragments/" + Seeds.hash(random).hex() + "/attn.0-3.0of1";
    Answer put = owner.put(path, Seeds.bytes(random, 1000));
    assertThat(put.status()).as(put.text()).isEqualTo(201);

    assertThat(owner.get(path).status()).isEqualTo(200);
    other.get(path).problem(404);
    Answer forged = other.http().send(other.request(path).header("Membrane-Tenant", "owner").GET());
    forged.problem(404);
    assertThat(owner.get("/v1/tenants/owner/usage").status()).isEqualTo(200);
    other.get("/v1/tenants/owner/usage").problem(403);
    assertThat(
            FLEET
                .as(SecuredFleet.ADMIN)
                .get("/v1/tenants/owner/usage")
                .json()
                .get("fragments")
                .asInt())
        .isOne();
  }

  @Test
  void readersDoNotWriteAndTokensForOthersDoNotCount() {
    Caller reader = FLEET.as(FLEET.key("team-a", "read"));

    assertThat(reader.get("/v1/models").status()).isEqualTo(200);
    reader.post("/v1/contexts", Map.of("text", "x")).problem(403);
    reader.get("/v1/directory/feed").problem(403);
    FLEET.as(FLEET.issuer().token("team-a", "another", "read")).get("/v1/models").problem(401);
  }

  private static ContextResponse context(Caller caller, Map<String, Object> prompt) {
    return caller.post("/v1/contexts", prompt).as(ContextResponse.class);
  }
}
