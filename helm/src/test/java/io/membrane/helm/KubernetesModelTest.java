package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Service;
import org.junit.jupiter.api.Test;

/** That the reading is strict, on which all else stands. */
class KubernetesModelTest {

  private static final String SERVICE =
      """
      apiVersion: v1
      kind: Service
      metadata: {name: some}
      spec:
        ports: [{port: 80, %s: http}]
      """;

  @Test
  void whatTheKindHasIsRead() {
    assertThat(Manifests.of(SERVICE.formatted("targetPort")).of(Service.class)).hasSize(1);
  }

  @Test
  void whatTheKindHasNotIsRefusedHoweverDeep() {
    assertThatThrownBy(() -> Manifests.of(SERVICE.formatted("targetport")))
        .hasMessageContaining("targetport");
  }

  @Test
  void foreignKindsAreReadAsStrictly() {
    String certificate =
        """
        apiVersion: cert-manager.io/v1
        kind: Certificate
        metadata: {name: some}
        spec: {secretname: some}
        """;
    assertThatThrownBy(() -> Manifests.of(certificate)).hasMessageContaining("secretname");
  }

  @Test
  void aKindThatNobodyExpectsIsRefused() {
    assertThatThrownBy(() -> Manifests.of("{apiVersion: v1, kind: Pod}"))
        .hasMessageContaining("v1/Pod");
  }

  @Test
  void aKeyThatStandsTwiceIsRefused() {
    assertThatThrownBy(() -> Manifests.of("kind: Service\nkind: Service\n"))
        .hasMessageContaining("kind");
  }
}
