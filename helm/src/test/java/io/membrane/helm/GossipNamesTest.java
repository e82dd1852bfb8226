package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.helm.CustomResources.Certificate;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Where members of the gossip say that they are reached. */
class GossipNamesTest {

  private static final String EXTERNAL = "membrane.directory.gossip.external-host";

  private static final String SAID = "${HOSTNAME}.east.example.com";

  private static Map<String, Object> values() {
    return Chart.set(Chart.companions(), "region.gossip.enabled", true);
  }

  @Test
  void overTlsAMemberIsItsPodsNameForWhichItHasACertificate() {
    Manifests manifests = Chart.with(values());
    assertThat(manifests.properties("directory-service"))
        .containsEntry(EXTERNAL, "${HOSTNAME}.membrane-directory-service-pods.llm.svc");
    assertThat(manifests.of(Certificate.class))
        .filteredOn(one -> one.metadata().getName().equals("membrane-directory-service"))
        .singleElement()
        .satisfies(one ->
            assertThat(one.spec().dnsNames())
                .contains("*.membrane-directory-service-pods.llm.svc"));
    Rules.check(manifests);
  }

  @Test
  void whatIsSaidHoldsAndWithoutTlsAnAddressWillDo() {
    Manifests said = Chart.with(Chart.set(values(), "region.gossip.externalHost", SAID));
    assertThat(said.properties("directory-service")).containsEntry(EXTERNAL, SAID);
    Manifests plain = Chart.with(Chart.set(values(), "tls.enabled", false));
    assertThat(plain.properties("directory-service")).doesNotContainKey(EXTERNAL);
  }
}
