package io.membrane.scheduler.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.scheduler.kubernetes.KubernetesProperties.Kind;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Mode;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Workload;
import io.membrane.scheduler.kubernetes.Reconciliation.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoleScalerTest {

  @TempDir Path directory;

  private final MockCluster cluster =
      new MockCluster().withDeployment("prefill", 5).withDeployment("decode", 3);

  @AfterEach
  void close() {
    cluster.close();
  }

  private RoleScaler scaler(Mode mode) throws IOException {
    return scaler(mode, null);
  }

  private RoleScaler scaler(Mode mode, @Nullable Integer instances) throws IOException {
    return RoleScaler.of(
        new KubernetesProperties(
            mode,
            MockCluster.NAMESPACE,
            new Workload(Kind.DEPLOYMENT, "prefill"),
            new Workload(Kind.DEPLOYMENT, "decode"),
            1,
            instances,
            Duration.ofSeconds(30),
            MockCluster.kubeconfig(directory, cluster.port())));
  }

  private void replicasAre(int prefill, int decode) {
    assertThat(cluster.replicas("prefill")).as("prefill").isEqualTo(prefill);
    assertThat(cluster.replicas("decode")).as("decode").isEqualTo(decode);
  }

  @Test
  void theRoleThatShrinksIsScaledFirstAndTheOtherWhenItsPodsAreGone() throws IOException {
    RoleScaler scaler = scaler(Mode.APPLY);
    RoleCounts wanted = new RoleCounts(4, 4);

    Reconciliation shrunk = scaler.reconcile(wanted);
    assertThat(shrunk.outcome()).isEqualTo(Outcome.SCALED);
    assertThat(shrunk.message())
        .isEqualTo("Scaled deployment membrane/prefill from 5 to 4 replicas.");
    assertThat(shrunk.replicas()).isEqualTo(new RoleCounts(5, 3));
    replicasAre(4, 3);

    Reconciliation unseen = scaler.reconcile(wanted);
    assertThat(unseen.outcome()).as("no controller has acted yet").isEqualTo(Outcome.WAITING);

    cluster.runControllers();
    Reconciliation draining = scaler.reconcile(wanted);
    assertThat(draining.outcome()).isEqualTo(Outcome.WAITING);
    assertThat(draining.replicas()).isEqualTo(new RoleCounts(4, 3));
    assertThat(draining.pods()).isEqualTo(new RoleCounts(5, 3));
    assertThat(draining.message())
        .contains("membrane/decode is to grow from 3 to 4 replicas")
        .contains("membrane/prefill has 1 of 5 pods to lose (terminating: prefill-4)");
    replicasAre(4, 3);

    cluster.finishDraining();
    Reconciliation grown = scaler.reconcile(wanted);
    assertThat(grown.message())
        .isEqualTo("Scaled deployment membrane/decode from 3 to 4 replicas.");
    replicasAre(4, 4);

    cluster.runControllers();
    assertThat(scaler.reconcile(wanted).outcome()).isEqualTo(Outcome.STEADY);
    assertThat(cluster.requests.writes()).hasSize(2);
  }

  @Test
  void whatIsAlreadyAsWantedIsLeftAlone() throws IOException {
    RoleScaler scaler = scaler(Mode.APPLY);
    for (int call = 0; call < 3; call++) {
      assertThat(scaler.reconcile(new RoleCounts(5, 3)).outcome()).isEqualTo(Outcome.STEADY);
    }
    assertThat(cluster.requests.writes()).isEmpty();
  }

  @Test
  void aDryRunTellsTheStepAndWritesNothing() throws IOException {
    RoleScaler scaler = scaler(Mode.DRY_RUN);
    for (int call = 0; call < 3; call++) {
      Reconciliation told = scaler.reconcile(new RoleCounts(4, 4));
      assertThat(told.outcome()).isEqualTo(Outcome.WOULD_SCALE);
      assertThat(told.message())
          .isEqualTo("Would scale deployment membrane/prefill from 5 to 4 replicas.");
    }
    assertThat(cluster.requests.asked()).hasSize(12);
    assertThat(cluster.requests.writes()).isEmpty();
    replicasAre(5, 3);
  }

  @Test
  void neverMoreAreAskedForThanThereWereAtTheStart() throws IOException {
    RoleScaler scaler = scaler(Mode.APPLY);
    Reconciliation shrunk = scaler.reconcile(new RoleCounts(3, 6));
    assertThat(shrunk.message())
        .contains("6 decode wanted, but only 5 fit into 8 instances")
        .contains("membrane.scheduler.kubernetes.instances");
    cluster.runControllers();
    cluster.finishDraining();
    scaler.reconcile(new RoleCounts(3, 6));
    replicasAre(3, 5);
    assertThat(scaler.reconcile(new RoleCounts(3, 6)).outcome()).isEqualTo(Outcome.BOUNDED);
  }

  @Test
  void noRoleGoesBelowItsMinimum() throws IOException {
    RoleScaler scaler = scaler(Mode.APPLY);
    Reconciliation shrunk = scaler.reconcile(new RoleCounts(8, 0));
    assertThat(shrunk.message())
        .contains("membrane/decode from 3 to 1")
        .contains("0 decode wanted, but min-replicas keeps 1")
        .contains("8 prefill wanted, but only 7 fit into 8 instances");
    replicasAre(5, 1);
  }

  @Test
  void aRestartInTheMiddleOfAChangeLosesAnInstanceOnlyIfTheirNumberIsUnknown() throws IOException {
    RoleCounts wanted = new RoleCounts(4, 4);
    scaler(Mode.APPLY).reconcile(wanted);
    cluster.runControllers();
    cluster.finishDraining();

    Reconciliation unknown = scaler(Mode.APPLY).reconcile(wanted);
    assertThat(unknown.outcome()).isEqualTo(Outcome.BOUNDED);
    assertThat(unknown.message())
        .contains("4 decode wanted, but only 3 fit into 7 instances")
        .contains("set membrane.scheduler.kubernetes.instances");

    assertThat(scaler(Mode.APPLY, 8).reconcile(wanted).outcome()).isEqualTo(Outcome.SCALED);
    replicasAre(4, 4);
  }

  @Test
  void whoeverChangesTheirMindWhileAPodDrainsWaitsForItsAccelerator() throws IOException {
    RoleScaler scaler = scaler(Mode.APPLY);
    scaler.reconcile(new RoleCounts(4, 4));
    cluster.runControllers();

    assertThat(scaler.reconcile(new RoleCounts(5, 3)).outcome()).isEqualTo(Outcome.WAITING);
    cluster.finishDraining();
    assertThat(scaler.reconcile(new RoleCounts(5, 3)).outcome()).isEqualTo(Outcome.SCALED);
    replicasAre(5, 3);
  }

  @Test
  void anOperatorWhoScalesByHandIsNoticedAndTheNextStepFollowsFromWhatIsThere() throws IOException {
    RoleScaler scaler = scaler(Mode.APPLY);
    RoleCounts wanted = new RoleCounts(4, 4);
    scaler.reconcile(wanted);
    cluster.scaleByHand("prefill", 5);

    Reconciliation again = scaler.reconcile(wanted);
    assertThat(again.outcome()).isEqualTo(Outcome.SCALED);
    assertThat(again.message())
        .contains("Scaled deployment membrane/prefill from 5 to 4 replicas.")
        .contains("Somebody else scales deployment membrane/prefill too")
        .contains("4 replicas were asked for here, now it is 5");

    cluster.runControllers();
    cluster.finishDraining();
    cluster.scaleByHand("decode", 4);
    assertThat(scaler.reconcile(wanted).outcome()).isEqualTo(Outcome.STEADY);
    assertThat(cluster.requests.writes()).hasSize(2);
  }

  @Test
  void whatAnOperatorTookAwayBetweenChangesIsNotTakenBack() throws IOException {
    RoleScaler scaler = scaler(Mode.APPLY);
    assertThat(scaler.reconcile(new RoleCounts(5, 3)).outcome()).isEqualTo(Outcome.STEADY);
    cluster.scaleByHand("decode", 2);
    cluster.runControllers();
    cluster.finishDraining();
    assertThat(scaler.reconcile(new RoleCounts(4, 4)).message())
        .contains("4 decode wanted, but only 3 fit into 7 instances");
  }

  @Test
  void aPodThatHasEndedHoldsNoAcceleratorAndAStatusThatLagsIsWaitedFor() throws IOException {
    RoleScaler scaler = scaler(Mode.APPLY);
    RoleCounts wanted = new RoleCounts(4, 4);
    scaler.reconcile(wanted);
    cluster.endPod("prefill-0", "Failed");
    Reconciliation lagging = scaler.reconcile(wanted);
    assertThat(lagging.outcome()).isEqualTo(Outcome.WAITING);
    assertThat(lagging.message()).contains("membrane/prefill has 1 of 5 pods to lose.");

    cluster.setStatus("prefill", 4);
    assertThat(scaler.reconcile(wanted).outcome()).isEqualTo(Outcome.SCALED);
    replicasAre(4, 4);
  }

  @Test
  void aWorkloadAtZeroIsReadAsZero() throws IOException {
    cluster.scaleByHand("decode", 0);
    cluster.runControllers();
    cluster.finishDraining();
    Reconciliation seen = scaler(Mode.APPLY, 8).reconcile(new RoleCounts(5, 2));
    assertThat(seen.replicas()).isEqualTo(new RoleCounts(5, 0));
    replicasAre(5, 2);
  }

  @Test
  void statefulSetsAreScaledLikewise() throws IOException {
    cluster.withStatefulSet("sets-prefill", 2).withStatefulSet("sets-decode", 2);
    RoleScaler scaler =
        RoleScaler.of(
            new KubernetesProperties(
                Mode.APPLY,
                MockCluster.NAMESPACE,
                new Workload(Kind.STATEFUL_SET, "sets-prefill"),
                new Workload(Kind.STATEFUL_SET, "sets-decode"),
                1,
                null,
                Duration.ofSeconds(30),
                MockCluster.kubeconfig(directory, cluster.port())));
    assertThat(scaler.reconcile(new RoleCounts(1, 3)).message())
        .isEqualTo("Scaled stateful set membrane/sets-prefill from 2 to 1 replicas.");
    cluster.runControllers();
    cluster.finishDraining();
    assertThat(scaler.reconcile(new RoleCounts(1, 3)).message())
        .isEqualTo("Scaled stateful set membrane/sets-decode from 2 to 3 replicas.");
  }
}
