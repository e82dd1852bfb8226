package io.membrane.tenancy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.TestClock;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PoliciesTest {

  private final Map<String, String> held = new ConcurrentHashMap<>();
  private final TestClock clock = new TestClock();
  private final Policies policies =
      new Policies(this::get, Policy.standard(Sharing.ISOLATED), clock);
  private volatile boolean away;

  @Test
  void aTenantReadsInTheDomainThatItsPolicyNames() {
    held.put(
        Policies.key("g"), "{\"sharing\": \"group\", \"group\": \"x\", \"priority_class\": 3}");
    held.put(Policies.key("p"), "{\"sharing\": \"public\", \"priority_class\": 3}");
    assertThat(policies.domain("g")).isEqualTo("group:x");
    assertThat(policies.domain("p")).isEqualTo("public");
    assertThat(policies.domain("nobody")).isEqualTo("tenant:nobody");
  }

  @Test
  void onlyAPolicyThatSaysSoAllowsMoreThanExactReuse() {
    held.put(
        Policies.key("s"),
        "{\"sharing\": \"isolated\", \"priority_class\": 3, \"reuse\": \"shifted\"}");
    held.put(Policies.key("old"), "{\"sharing\": \"isolated\", \"priority_class\": 3}");
    assertThat(policies.policy("s").reuse()).isEqualTo(Reuse.SHIFTED);
    assertThat(policies.policy("old").reuse()).isNull();
    assertThat(policies.policy("nobody").reuse()).isNull();
  }

  @Test
  void aChangeIsSeenAfterASecond() {
    assertThat(policies.domain("t")).isEqualTo("tenant:t");
    held.put(Policies.key("t"), "{\"sharing\": \"public\", \"priority_class\": 3}");
    assertThat(policies.domain("t")).isEqualTo("tenant:t");
    clock.advance(Duration.ofSeconds(1));
    assertThat(policies.domain("t")).isEqualTo("public");
  }

  @Test
  void whatIsASecondOldIsSaidOnceMoreWithoutWaiting() {
    assertThat(policies.knownDomain("t")).isNull();
    assertThat(policies.domain("t")).isEqualTo("tenant:t");
    held.put(Policies.key("t"), "{\"sharing\": \"public\", \"priority_class\": 3}");
    clock.advance(Duration.ofSeconds(1));
    assertThat(policies.knownDomain("t")).isEqualTo("tenant:t");
    Awaitility.await().until(() -> "public".equals(policies.knownDomain("t")));
    clock.advance(Duration.ofSeconds(2));
    assertThat(policies.knownDomain("t")).isNull();
  }

  @Test
  void whileRedisIsAwayTheLastKnownPolicyHoldsAndAnUnknownOneIsNotGuessed() {
    held.put(Policies.key("t"), "{\"sharing\": \"public\", \"priority_class\": 3}");
    assertThat(policies.domain("t")).isEqualTo("public");
    away = true;
    clock.advance(Duration.ofHours(1));
    assertThat(policies.domain("t")).isEqualTo("public");
    assertThat(policies.knownDomain("t")).isEqualTo("public");
    assertThatThrownBy(() -> policies.domain("other"))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE));
  }

  @Test
  void aPolicyThatCannotBeReadIsAnErrorAndNoDefault() {
    held.put(Policies.key("t"), "{\"sharing\": \"friends\"}");
    assertThatThrownBy(() -> policies.domain("t"))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL));
  }

  private byte @Nullable [] get(String key) {
    if (away) {
      throw new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, "away");
    }
    String json = held.get(key);
    return json == null ? null : json.getBytes(StandardCharsets.UTF_8);
  }
}
