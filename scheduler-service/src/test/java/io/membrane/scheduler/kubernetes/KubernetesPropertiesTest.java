package io.membrane.scheduler.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.membrane.scheduler.kubernetes.KubernetesProperties.Kind;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Mode;
import io.membrane.scheduler.kubernetes.KubernetesProperties.Workload;
import io.membrane.scheduler.kubernetes.Reconciliation.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;

@ExtendWith(OutputCaptureExtension.class)
class KubernetesPropertiesTest {

  private static final String PREFIX = "membrane.scheduler.kubernetes.";

  @EnableConfigurationProperties(KubernetesProperties.class)
  static class Bound {
    @Bean
    RoleScaler roleScaler(KubernetesProperties properties) {
      return RoleScaler.of(properties);
    }
  }

  @Test
  void itIsOffByDefaultAndThenThereIsNothingToConnectTo() {
    new ApplicationContextRunner()
        .withUserConfiguration(Bound.class)
        .run(context -> {
          KubernetesProperties properties = context.getBean(KubernetesProperties.class);
          assertThat(properties)
              .isEqualTo(
                  new KubernetesProperties(
                      Mode.OFF,
                      null,
                      new Workload(Kind.DEPLOYMENT, null),
                      new Workload(Kind.DEPLOYMENT, null),
                      1,
                      null,
                      Duration.ofSeconds(5),
                      null));
          Reconciliation off = context.getBean(RoleScaler.class).reconcile(new RoleCounts(3, 5));
          assertThat(off.outcome()).isEqualTo(Outcome.OFF);
          assertThat(off.message()).contains("mode=dry-run");
        });
  }

  @Test
  void everyPropertyIsRead() {
    new ApplicationContextRunner()
        .withUserConfiguration(Bound.class)
        .withPropertyValues(
            PREFIX + "mode=off",
            PREFIX + "namespace=membrane",
            PREFIX + "prefill.kind=stateful-set",
            PREFIX + "prefill.name=pd-prefill",
            PREFIX + "decode.kind=StatefulSet",
            PREFIX + "decode.name=pd-decode",
            PREFIX + "min-replicas=2",
            PREFIX + "instances=8",
            PREFIX + "timeout=250ms",
            PREFIX + "kubeconfig=/etc/membrane/kubeconfig")
        .run(context ->
            assertThat(context.getBean(KubernetesProperties.class))
                .isEqualTo(
                    new KubernetesProperties(
                        Mode.OFF,
                        "membrane",
                        new Workload(Kind.STATEFUL_SET, "pd-prefill"),
                        new Workload(Kind.STATEFUL_SET, "pd-decode"),
                        2,
                        8,
                        Duration.ofMillis(250),
                        Path.of("/etc/membrane/kubeconfig"))));
  }

  @Test
  void aModeWithoutNamesStopsTheStartAndSaysWhatToSet(CapturedOutput output) {
    startFails("mode=dry-run", "namespace=membrane", "prefill.name=pd-prefill");
    assertThat(output)
        .contains(PREFIX + "mode is dry-run, but " + PREFIX + "decode.name is not set")
        .contains("Set " + PREFIX + "namespace, prefill.name and decode.name")
        .doesNotContain("\tat ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mode=sometimes|" + PREFIX + "mode",
        "min-replicas=-1|min-replicas is -1",
        "instances=1|instances is 1",
        "timeout=0s|timeout is PT0S",
        "timeout=2m|at most 1m",
        "namespace=Not a name|namespace is Not a name",
        "decode.name=pd-prefill|another workload than prefill.name",
        "kubeconfig=/nowhere/kubeconfig|kubeconfig is /nowhere/kubeconfig, which cannot be used"
      })
  void aValueThatCannotBeMeantStopsTheStart(String wrong, String words, CapturedOutput output) {
    startFails(
        "mode=apply",
        "namespace=membrane",
        "prefill.name=pd-prefill",
        "decode.name=pd-decode",
        wrong);
    assertThat(output).contains(words).doesNotContain("\tat ");
  }

  @Test
  void outsideAPodAKubeconfigIsAskedFor(CapturedOutput output) {
    assumeFalse(System.getenv("KUBERNETES_SERVICE_HOST") != null, "this runs in a pod");
    startFails(
        "mode=apply", "namespace=membrane", "prefill.name=pd-prefill", "decode.name=pd-decode");
    assertThat(output)
        .contains("no service account of a Kubernetes pod")
        .contains(PREFIX + "kubeconfig")
        .doesNotContain("\tat ");
  }

  private static void startFails(String... properties) {
    Map<String, String> options = new LinkedHashMap<>();
    for (String property : properties) {
      options.put(property.substring(0, property.indexOf('=')), "--" + PREFIX + property);
    }
    assertThatThrownBy(() ->
            new SpringApplicationBuilder(Bound.class)
                .web(WebApplicationType.NONE)
                .run(options.values().toArray(String[]::new))
                .close())
        .isInstanceOf(Exception.class);
  }
}
