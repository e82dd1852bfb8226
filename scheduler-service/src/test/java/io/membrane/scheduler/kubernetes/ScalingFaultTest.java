package io.membrane.scheduler.kubernetes;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.FaultProxy;
import io.membrane.fixture.FaultProxy.Fault;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Kind;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Mode;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Workload;
import io.membrane.scheduler.kubernetes.Reconciliation.Outcome;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong is reported with what to do, bounded in time, and mended by a later call. */
@Timeout(60)
class ScalingFaultTest {

  private static final RoleCounts WANTED = new RoleCounts(4, 4);
  private static final Duration PATIENT = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofSeconds(1);

  @TempDir Path directory;

  private final MockCluster cluster =
      new MockCluster().withDeployment("prefill", 5).withDeployment("decode", 3);
  private final FaultProxy proxy = new FaultProxy(cluster.port());
  private RoleScaler scaler;

  @BeforeEach
  void connect() throws IOException {
    scaler = scaler("prefill", proxy.port(), PATIENT);
  }

  private RoleScaler scaler(String prefill, int port, Duration timeout) throws IOException {
    return RoleScaler.of(
        new KubernetesProperties(
            Mode.APPLY,
            MockCluster.NAMESPACE,
            new Workload(Kind.DEPLOYMENT, prefill),
            new Workload(Kind.DEPLOYMENT, "decode"),
            1,
            null,
            timeout,
            MockCluster.kubeconfig(directory, port)));
  }

  @AfterEach
  void close() {
    proxy.close();
    cluster.close();
  }

  private void theNextCallGoesOn() {
    assertThat(scaler.reconcile(WANTED).outcome()).isEqualTo(Outcome.SCALED);
    assertThat(cluster.replicas("prefill")).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /deployments/prefill/scale, get, deployments/scale",
    "GET, /pods, list, pods",
    "PUT, /deployments/prefill/scale, update, deployments/scale"
  })
  void aMissingRightIsNamedAsRbacWritesIt(
      String method, String path, String verb, String resource) {
    cluster.requests.fail(
        method, path, 403, "{\"kind\":\"Status\",\"message\":\"User may not do that\"}");
    Reconciliation refused = scaler.reconcile(WANTED);
    assertThat(refused.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(refused.message())
        .contains("403, User may not do that")
        .contains("allow the verb " + verb + " on " + resource + " in namespace membrane");
    cluster.requests.heal();
    theNextCallGoesOn();
  }

  @Test
  void aMissingWorkloadIsNamedWithTheProperties() throws IOException {
    Reconciliation missing = scaler("prefil", proxy.port(), PATIENT).reconcile(WANTED);
    assertThat(missing.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(missing.message())
        .contains("There is no deployment membrane/prefil (404)")
        .contains("correct membrane.scheduler.kubernetes.namespace, prefill.kind or prefill.name");
    assertThat(missing.replicas()).isNull();
  }

  @Test
  void whatSomebodyElseWroteFirstIsNotOverwritten() {
    cluster.requests.editBeforeNextWrite();
    Reconciliation lost = scaler.reconcile(WANTED);
    assertThat(lost.outcome()).isEqualTo(Outcome.CONFLICT);
    assertThat(lost.message())
        .contains("Somebody else changed deployment membrane/prefill between reading and writing")
        .contains("nothing was scaled");
    assertThat(cluster.replicas("prefill")).isEqualTo(5);
    theNextCallGoesOn();
  }

  @ParameterizedTest
  @CsvSource({
    "401, renew the service account's token",
    "422, 422 to update deployments/scale of deployment membrane/prefill",
    "429, the next reconciliation tries again",
    "500, the next reconciliation tries again",
    "503, the next reconciliation tries again"
  })
  void aRefusedWriteIsReportedWithItsReason(int status, String words) {
    cluster.requests.fail("PUT", "/scale", status, "{\"message\":\"says the API\"}");
    Reconciliation refused = scaler.reconcile(WANTED);
    assertThat(refused.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(refused.message()).contains(words).contains("says the API");
    assertThat(refused.replicas()).isEqualTo(new RoleCounts(5, 3));
    assertThat(cluster.requests.writes()).as("tried once").hasSize(1);
    cluster.requests.heal();
    theNextCallGoesOn();
  }

  @Test
  void anUnreachableApiIsReported() {
    proxy.inject(new Fault.Refuse());
    Reconciliation gone = scaler.reconcile(WANTED);
    assertThat(gone.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(gone.message())
        .contains("cannot be reached at http://127.0.0.1:" + proxy.port())
        .contains("check the address");
    proxy.heal();
    theNextCallGoesOn();
  }

  @Test
  void aPortWhereNobodyListensIsReported() throws IOException {
    int port;
    try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = nobody.getLocalPort();
    }
    assertThat(scaler("prefill", port, PATIENT).reconcile(WANTED).message())
        .contains("cannot be reached at http://127.0.0.1:" + port);
  }

  @Test
  void aSilentApiCostsOneTimeout() throws IOException {
    proxy.inject(new Fault.Silence());
    Reconciliation silent = scaler("prefill", proxy.port(), SHORT).reconcile(WANTED);
    assertThat(silent.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(silent.message())
        .contains("did not answer to get deployments/scale of deployment membrane/prefill")
        .contains("within 1000 ms");
    proxy.heal();
    theNextCallGoesOn();
  }

  @Test
  void anAnswerThatStopsHalfwayCostsOneTimeout() throws IOException {
    proxy.inject(new Fault.Stall(40));
    assertThat(scaler("prefill", proxy.port(), SHORT).reconcile(WANTED).message())
        .contains("did not answer");
    proxy.heal();
    theNextCallGoesOn();
  }

  @Test
  void anAnswerThatTricklesCostsOneTimeout() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> trickle(server));
      assertThat(scaler("prefill", server.getLocalPort(), SHORT).reconcile(WANTED).message())
          .contains("did not answer");
    }
  }

  /** A byte every 50 ms, which no read has to wait for long, of an answer of 10 s. */
  private static void trickle(ServerSocket server) {
    try (Socket client = server.accept()) {
      OutputStream out = client.getOutputStream();
      out.write("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n".getBytes(US_ASCII));
      for (int i = 0; i < 200; i++) {
        out.write(' ');
        out.flush();
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
    } catch (IOException e) {
      // The service under test hangs up, as it should.
    }
  }

  @Test
  void aWriteWhoseAnswerIsLostIsSeenByTheNextCall() {
    scaler.reconcile(WANTED);
    cluster.requests.loseNextWritesAnswer(() -> proxy.inject(new Fault.Refuse()));
    RoleCounts later = new RoleCounts(3, 5);
    assertThat(scaler.reconcile(later).outcome()).isEqualTo(Outcome.FAILED);
    assertThat(cluster.replicas("prefill")).as("it was written").isEqualTo(3);
    proxy.heal();
    cluster.runControllers();
    cluster.finishDraining();
    assertThat(scaler.reconcile(later).message())
        .isEqualTo("Scaled deployment membrane/decode from 3 to 5 replicas.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<html>a login page</html>",
        "",
        "{}",
        "[]",
        "null",
        "{'metadata':{'resourceVersion':'1'},'spec':{'replicas':'many'},'status':{'selector':'a=b'}}",
        "{'metadata':{'resourceVersion':'1'},'spec':{'replicas':-1},'status':{'selector':'a=b'}}"
      })
  void whatIsNoKubernetesApiIsNotBelieved(String body) {
    cluster.requests.fail("GET", "/scale", 200, body.replace('\'', '"'));
    Reconciliation strange = scaler.reconcile(WANTED);
    assertThat(strange.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(strange.message())
        .containsAnyOf("is no Kubernetes API", "without a resource version");
    assertThat(cluster.requests.writes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"<html>bad gateway</html>", "null", "{}", ""})
  void aRefusalWithoutAReasonIsStillARefusal(String body) {
    cluster.requests.fail("GET", "/pods", 502, body);
    assertThat(scaler.reconcile(WANTED).message())
        .startsWith("The Kubernetes API answered 502 to list pods of deployment membrane/prefill;");
  }

  @Test
  void aSelectorThatSelectsFarTooManyPodsIsRefused() {
    cluster.requests.fail(
        "GET", "/pods", 200, "{\"metadata\":{\"continue\":\"abc\"},\"items\":[]}");
    assertThat(scaler.reconcile(WANTED).message()).contains("selects more than 500 pods");
  }
}
