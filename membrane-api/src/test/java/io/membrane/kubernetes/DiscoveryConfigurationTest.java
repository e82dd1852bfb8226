package io.membrane.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.MockKubernetes;
import io.membrane.rpc.PeerTls;
import io.membrane.rpc.ServiceInstances;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class DiscoveryConfigurationTest {

  @TempDir Path folder;

  private final ApplicationContextRunner service =
      new ApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(DiscoveryAutoConfiguration.class))
          .withBean(PeerTls.class, PeerTls::ofJdk);

  @Test
  void withoutAClusterNobodyIsAskedAndUrlsAreWhatIsConfigured() {
    service.run(context -> assertThat(context).doesNotHaveBean(ServiceInstances.class));
    service
        .withPropertyValues("membrane.discovery.by=urls")
        .run(context -> assertThat(context).doesNotHaveBean(ServiceInstances.class));
  }

  @Test
  void inAClusterInstancesAreFoundAndNoMoreIsAskedThanTheChartAllows() {
    try (MockKubernetes cluster = new MockKubernetes()) {
      service
          .withPropertyValues(
              "membrane.discovery.by=kubernetes",
              "membrane.discovery.namespace=membrane",
              "membrane.discovery.kubeconfig=" + MockKubernetes.kubeconfig(folder, cluster.port()))
          .run(context -> {
            assertThat(context.getBean(ServiceInstances.class).of("gateway")).isEmpty();
            assertThat(context.getBean(EndpointWatch.class).isRunning()).isTrue();
            assertThat(cluster.asked().findFirst().orElseThrow())
                .contains("/namespaces/membrane/endpointslices")
                .contains("labelSelector=app.kubernetes.io/part-of=membrane");
          });
      assertThat(cluster.rights()).isSubsetOf("endpointslices:list", "endpointslices:watch");
    }
  }

  @Test
  void whatCannotBeMeantStopsTheStart() {
    service
        .withPropertyValues("membrane.discovery.by=kubernetes")
        .run(context ->
            assertThat(context)
                .getFailure()
                .hasStackTraceContaining("membrane.discovery.namespace is null"));
    service
        .withPropertyValues(
            "membrane.discovery.by=kubernetes",
            "membrane.discovery.namespace=membrane",
            "membrane.discovery.selector= ")
        .run(context ->
            assertThat(context)
                .getFailure()
                .hasStackTraceContaining("membrane.discovery.selector is"));
    service
        .withPropertyValues(
            "membrane.discovery.by=kubernetes", "membrane.discovery.namespace=membrane")
        .run(context ->
            assertThat(context)
                .getFailure()
                .hasStackTraceContaining("no service account of a Kubernetes pod"));
  }
}
