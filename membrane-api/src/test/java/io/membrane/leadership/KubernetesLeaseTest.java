package io.membrane.leadership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.fixture.MockKubernetes;
import io.membrane.kubernetes.ClusterConnection;
import io.membrane.kubernetes.KubernetesApi;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class KubernetesLeaseTest extends SharedLeaseContract {

  private static final Duration LEASE = Duration.ofSeconds(15);

  @TempDir Path folder;

  private final MockKubernetes cluster = new MockKubernetes();
  private final FaultProxy proxy = new FaultProxy(cluster.port());
  private long nowNanos;

  @AfterEach
  void stop() {
    proxy.close();
    cluster.close();
  }

  private KubernetesApi api() {
    return new KubernetesApi(
        ClusterConnection.open(
            MockKubernetes.kubeconfig(folder, proxy.port()),
            Duration.ofSeconds(2),
            "membrane.leadership",
            "membrane.leadership.by=redis"));
  }

  @Override
  SharedLease lease() {
    return new KubernetesLease(
        api(), "membrane", "membrane-test", Clock.systemUTC(), System::nanoTime);
  }

  private KubernetesLease onTestClock() {
    return new KubernetesLease(
        api(), "membrane", "membrane-test", Clock.systemUTC(), () -> nowNanos);
  }

  @Override
  void away() {
    proxy.inject(new Fault.Silence());
  }

  @Override
  void back() {
    proxy.heal();
  }

  private JsonNode stored() {
    return Objects.requireNonNull(cluster.lease("membrane", "membrane-test"));
  }

  @Test
  void theLeaseSaysWhatOthersReadInOne() throws IOException {
    assertThat(lease().hold("one", LEASE)).isTrue();
    JsonNode spec = stored().path("spec");
    assertThat(spec.path("holderIdentity").asString()).isEqualTo("one");
    assertThat(spec.path("leaseDurationSeconds").asInt()).isEqualTo(15);
    assertThat(spec.path("renewTime").asString()).matches("\\d{4}-.*T.*\\.\\d{6}Z");
    assertThat(spec.path("leaseTransitions").asInt()).isZero();
    SharedLease other = lease();
    lease().release("one");
    assertThat(other.hold("other", LEASE)).isTrue();
    assertThat(stored().at("/spec/leaseTransitions").asInt()).isEqualTo(1);
  }

  @Test
  void aLeaseThatTheChartMadeIsTakenAndKeepsItsLabels() throws IOException {
    cluster
        .client()
        .resource(
            new LeaseBuilder()
                .withNewMetadata()
                .withNamespace("membrane")
                .withName("membrane-test")
                .addToLabels("app.kubernetes.io/part-of", "membrane")
                .endMetadata()
                .build())
        .create();
    assertThat(lease().hold("one", LEASE)).isTrue();
    assertThat(stored().at("/metadata/labels").toString()).contains("part-of");
    assertThat(cluster.rights()).containsExactly("leases:get", "leases:update");
  }

  @Test
  void itIsTakenOnlyFromAHolderThatHasNotRenewedForAsLongAsOneHasLooked() throws IOException {
    KubernetesLease holder = onTestClock();
    KubernetesLease other = onTestClock();
    assertThat(holder.hold("holder", LEASE)).isTrue();
    nowNanos += LEASE.toNanos() * 10;
    assertThat(other.hold("other", LEASE)).as("seen for the first time").isFalse();
    nowNanos += LEASE.toNanos() - 1;
    assertThat(holder.hold("holder", LEASE)).isTrue();
    nowNanos += 1;
    assertThat(other.hold("other", LEASE)).as("it was renewed meanwhile").isFalse();
    nowNanos += LEASE.toNanos();
    assertThat(other.hold("other", LEASE)).isTrue();
    assertThat(holder.hold("holder", LEASE)).isFalse();
  }

  @Test
  void ofTwoWhoTakeItAtOnceOneIsRefused() throws IOException {
    cluster.answers(409, "PUT");
    assertThat(lease().hold("one", LEASE)).as("created").isTrue();
    assertThat(lease().hold("one", LEASE)).as("written by somebody else meanwhile").isFalse();
    cluster.answers(0);
    assertThat(lease().hold("one", LEASE)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 429, 500, 503})
  void aRefusalIsNoLead(int status) {
    cluster.answers(status);
    assertThatThrownBy(() -> lease().hold("one", LEASE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(Integer.toString(status));
  }

  @Test
  void whoMayNotIsToldWhatToAllow() {
    cluster.answers(403);
    assertThatThrownBy(() -> lease().hold("one", LEASE))
        .hasMessageContaining("does not let this service account get the Lease membrane-test")
        .hasMessageContaining("allow get and update on it");
  }

  @Test
  void anUpdateWhoseAnswerIsLostCountsForNobodyElse() throws IOException {
    SharedLease one = lease();
    assertThat(one.hold("one", LEASE)).isTrue();
    proxy.inject(new Fault.LoseAnswerTo("PUT "));
    assertThatThrownBy(() -> one.hold("one", LEASE)).isInstanceOf(IOException.class);
    proxy.heal();
    assertThat(lease().hold("other", LEASE)).isFalse();
    assertThat(one.hold("one", LEASE)).isTrue();
  }

  @Test
  void aConnectionThatIsCutIsAFailure() {
    proxy.inject(new Fault.CutAfter(40));
    assertThatThrownBy(() -> lease().hold("one", LEASE)).isInstanceOf(IOException.class);
  }
}
