package io.membrane.scheduler.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.membrane.fixture.Seeds;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.SchedulerClient.ClusterState;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.SchedulerClient.Role;
import io.membrane.wire.SchedulerClient.Transfer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LengthRuleTest {

  private static final int T = 1000;
  private static final LengthRule SCARCE = new LengthRule(T, Regime.SCARCE);
  private static final LengthRule ABUNDANT = new LengthRule(T, Regime.ABUNDANT);

  @ParameterizedTest(name = "{0} tokens, {1} at pd, {2} at prefill: {3} computes {4}")
  @CsvSource({
    "1000,   0,    0, local,  1000",
    "1001,   0,    0, remote, 1001",
    "3000, 2000,   0, local,  1000",
    "3001, 2000,   0, remote, 3001",
    "3001, 2000, 500, remote, 2501",
    "3000,   0, 2999, remote,    1",
    "3000, 3000,   0, local,     0",
  })
  void scarceBandwidthCountsEachClustersOwnCache(
      int total, int pd, int prefill, String target, int incremental) {
    Decision d = SCARCE.decide(total, List.of(pd("local", pd), prefill("remote", prefill)));
    assertThat(d.target()).isEqualTo(target);
    assertThat(d.incrementalTokens()).isEqualTo(incremental);
    assertThat(d.transfer()).isNull();
  }

  @ParameterizedTest(name = "{0} tokens, {1} at pd, {2} at prefill: {3} computes {4}, {5} moves")
  @CsvSource({
    "1000,   0,    0, local,  1000, no",
    "1001,   0,    0, remote, 1001, no",
    "3000,   0, 2999, local,     1, remote-local",
    "3000, 2000, 2000, local, 1000, no",
    "3000, 2000, 1999, local, 1000, no",
    "3002, 2000, 2001, remote, 1001, no",
    "3002, 2001, 2000, remote, 1001, local-remote",
    "9000,  500,  500, remote, 8500, no",
  })
  void abundantBandwidthCountsTheLongestCacheAndMovesItWhenItIsElsewhere(
      int total, int pd, int prefill, String target, int incremental, String moves) {
    Decision d = ABUNDANT.decide(total, List.of(pd("local", pd), prefill("remote", prefill)));
    assertThat(d.target()).isEqualTo(target);
    assertThat(d.incrementalTokens()).isEqualTo(incremental);
    if (moves.equals("no")) {
      assertThat(d.transfer()).isNull();
    } else {
      String[] ends = moves.split("-", -1);
      assertThat(d.transfer()).isEqualTo(new Transfer(ends[0], ends[1], total - incremental));
    }
  }

  @ParameterizedTest
  @EnumSource(Regime.class)
  void withoutAPrefillClusterEveryLengthStaysLocal(Regime regime) {
    Decision d = new LengthRule(T, regime).decide(50_000, List.of(pd("a", 10), pd("b", 20)));
    assertThat(d.target()).isEqualTo("b");
    assertThat(d.incrementalTokens()).isEqualTo(49_980);
    assertThat(d.transfer()).isNull();
  }

  @ParameterizedTest
  @EnumSource(Regime.class)
  void withoutAPdClusterEveryLengthGoesToPrefill(Regime regime) {
    Decision d = new LengthRule(T, regime).decide(10, List.of(prefill("a", 0), prefill("b", 0)));
    assertThat(d.target()).isEqualTo("a");
    assertThat(d.role()).isEqualTo(Role.PREFILL);
  }

  @Test
  void theReasonStatesTheRuleAndItsNumbers() {
    assertThat(SCARCE.decide(3001, List.of(pd("l", 2000), prefill("r", 500))).reason())
        .isEqualTo(
            "scarce bandwidth: 3001 tokens less 2000 cached at 'l' leave 1001, above the threshold"
                + " of 1000; 'r' computes 2501");
    assertThat(ABUNDANT.decide(3000, List.of(pd("l", 0), prefill("r", 2999))).reason())
        .isEqualTo(
            "abundant bandwidth: 3000 tokens less the longest cache, 2999 at 'r', leave 1, within"
                + " the threshold of 1000; 'l' computes 1, after moving 2999 cached tokens from"
                + " 'r'");
  }

  @Test
  void impossibleRequestsAreRefused() {
    assertThatThrownBy(() -> SCARCE.decide(10, List.of(pd("a", 11))))
        .isInstanceOf(MembraneException.class)
        .hasMessageContaining("cannot hold 11 tokens of a prompt of 10");
    assertThatThrownBy(() -> SCARCE.decide(10, List.of(pd("a", 1), prefill("a", 1))))
        .isInstanceOf(MembraneException.class)
        .hasMessageContaining("'a' is named twice");
    assertThatThrownBy(() -> new LengthRule(-1, Regime.SCARCE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anyRequestIsDecidedAsTheDesignSays() {
    Seeds.forAll(
        3000,
        random -> {
          int total = 1 + random.nextInt(40);
          int t = random.nextInt(30);
          Regime regime = random.nextBoolean() ? Regime.SCARCE : Regime.ABUNDANT;
          List<ClusterState> clusters = clusters(random, total);

          Decision d = new LengthRule(t, regime).decide(total, clusters);

          assertThat(d.target() + " " + d.incrementalTokens() + " " + d.transfer())
              .as("%d tokens, t %d, %s, %s", total, t, regime, clusters)
              .isEqualTo(oracle(total, t, regime, clusters));
        });
  }

  @Test
  void theOrderOfTheClustersDoesNotMatter() {
    Seeds.forAll(
        500,
        random -> {
          List<ClusterState> clusters = clusters(random, 40);
          List<ClusterState> shuffled = new ArrayList<>(clusters);
          Collections.shuffle(shuffled, new Random(random.nextLong()));
          assertThat(ABUNDANT.decide(40, shuffled)).isEqualTo(ABUNDANT.decide(40, clusters));
        });
  }

  /** The sentences of scheduling.md, one after the other, over sorted arrays of names. */
  private static String oracle(int total, int t, Regime regime, List<ClusterState> clusters) {
    ClusterState[] sorted = clusters.toArray(ClusterState[]::new);
    Arrays.sort(sorted, (a, b) -> a.cluster().compareTo(b.cluster()));
    int pd = -1;
    int prfaas = -1;
    String pdName = "";
    String prfaasName = "";
    for (ClusterState c : sorted) {
      if (c.role() == Role.PD && c.cachedTokens() > pd) {
        pd = c.cachedTokens();
        pdName = c.cluster();
      }
      if (c.role() == Role.PREFILL && c.cachedTokens() > prfaas) {
        prfaas = c.cachedTokens();
        prfaasName = c.cluster();
      }
    }
    if (prfaas < 0) {
      return pdName + " " + (total - pd) + " null";
    }
    if (pd < 0) {
      return prfaasName + " " + (total - prfaas) + " null";
    }
    if (regime == Regime.SCARCE) {
      return total - pd <= t
          ? pdName + " " + (total - pd) + " null"
          : prfaasName + " " + (total - prfaas) + " null";
    }
    int prefix = Math.max(prfaas, pd);
    boolean local = total - prefix <= t;
    Transfer transfer = null;
    if (local && prfaas > pd) {
      transfer = new Transfer(prfaasName, pdName, prfaas);
    }
    if (!local && pd > prfaas) {
      transfer = new Transfer(pdName, prfaasName, pd);
    }
    return (local ? pdName : prfaasName) + " " + (total - prefix) + " " + transfer;
  }

  private static List<ClusterState> clusters(RandomGenerator random, int total) {
    List<ClusterState> clusters = new ArrayList<>();
    int count = 1 + random.nextInt(5);
    for (int i = 0; i < count; i++) {
      Role role = random.nextBoolean() ? Role.PD : Role.PREFILL;
      int cached = random.nextBoolean() ? 0 : random.nextInt(total + 1);
      clusters.add(new ClusterState("c" + i, role, cached));
    }
    return clusters;
  }

  private static ClusterState pd(String name, int cached) {
    return new ClusterState(name, Role.PD, cached);
  }

  private static ClusterState prefill(String name, int cached) {
    return new ClusterState(name, Role.PREFILL, cached);
  }
}
