package io.membrane.reconstruction.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.block.Namespace;
import io.membrane.block.Signature;
import io.membrane.block.TokenSpan;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.ComputeClient.TokenizeRequest;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.Model;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.SchedulerClient.Role;
import java.io.InputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.http.ResponseEntity;

class FleetViewTest {

  private static final Namespace R1 = new Namespace("tiny", "r1", "f32", 16);
  private static final Namespace R2 = new Namespace("tiny", "r2", "f32", 16);

  @Test
  void namespacesThatFitHaveToBeToldApart() {
    FleetView view = new FleetView(List.of(served("a", R1), served("b", R2)), List.of());

    assertThatExceptionOfType(MembraneException.class)
        .isThrownBy(() -> view.only(NamespaceRequest.DEFAULTS))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.IMPOSSIBLE_REQUEST))
        .withMessageContaining("r1")
        .withMessageContaining("r2");
    assertThat(view.only(new NamespaceRequest(null, "r2", null, null))).isEqualTo(R2);
    assertThat(view.only(new NamespaceRequest(null, "r3", null, null))).isNull();
  }

  @Test
  void oneNamespaceAtSeveralClustersIsNoAmbiguity() {
    FleetView view = new FleetView(List.of(served("a", R1), served("b", R1)), List.of());

    assertThat(view.only(NamespaceRequest.DEFAULTS)).isEqualTo(R1);
    assertThat(view.serving(R1)).extracting(s -> s.cluster().name()).containsExactly("a", "b");
  }

  @Test
  void aWorkerThatIsAwayMightServeWhatNobodyElseServes() {
    MembraneException away = new MembraneException(ErrorCode.DEPENDENCY_UNAVAILABLE, "b is away");

    assertThat(new FleetView(List.of(served("a", R1)), List.of(away)).nobody("computing").code())
        .isEqualTo(ErrorCode.DEPENDENCY_UNAVAILABLE);
    assertThat(new FleetView(List.of(served("a", R1)), List.of()).nobody("computing").code())
        .isEqualTo(ErrorCode.IMPOSSIBLE_REQUEST);
  }

  private static Served served(String cluster, Namespace namespace) {
    return new Served(
        new Cluster(cluster, Role.PD, new NeverCalled()),
        new Model(
            "tiny-id",
            "model",
            "membrane",
            namespace,
            new Signature(
                namespace, Signature.LAYOUT, 2, 2, 8, new TokenSpan(0, 16), "rope", 10_000)),
        null);
  }

  private static final class NeverCalled implements ComputeClient {
    @Override
    public ResponseEntity<InputStream> transferBlock(String id) {
      throw new AssertionError();
    }

    @Override
    public PrefillResponse prefill(PrefillRequest request) {
      throw new AssertionError("prefill");
    }

    @Override
    public TokenizeResponse tokenize(TokenizeRequest request) {
      throw new AssertionError("tokenize");
    }

    @Override
    public EmbeddingList embeddings(EmbeddingRequest request) {
      throw new AssertionError("embeddings");
    }

    @Override
    public ModelList models() {
      throw new AssertionError("models");
    }

    @Override
    public ProfileList profile() {
      throw new AssertionError("profile");
    }
  }
}
