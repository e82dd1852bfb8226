package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;

/** What holds for every pod, whatever the values. */
final class PodRules {

  private static final Set<String> PROBES =
      Set.of("/actuator/health/liveness", "/actuator/health/readiness");
  private static final Pattern HEAP = Pattern.compile("-Xmx(\\d+)m");
  private static final Pattern DIRECT = Pattern.compile("-XX:MaxDirectMemorySize=(\\d+)m");
  private static final int PRE_STOP_SECONDS = 5;
  private static final long MIB = 1 << 20;

  private PodRules() {}

  static void check(Manifests manifests) {
    assertThat(manifests.workloads()).hasSizeGreaterThanOrEqualTo(6);
    for (Workload workload : manifests.workloads()) {
      isLockedDown(workload);
      hasResources(workload);
      assertThat(workload.pod().getEnableServiceLinks()).as(workload.name()).isFalse();
      if (workload.isService()) {
        asksWhatIsThere(workload, manifests.properties(workload.component()));
        endsInTime(workload, manifests.properties(workload.component()));
        hasRoom(workload, manifests.properties(workload.component()));
      }
    }
  }

  private static void isLockedDown(Workload workload) {
    var pod = workload.pod().getSecurityContext();
    assertThat(pod.getRunAsNonRoot()).as(workload.name()).isTrue();
    assertThat(pod.getRunAsUser()).as(workload.name()).isPositive();
    assertThat(pod.getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    assertThat(workload.pod().getHostNetwork()).isNull();
    assertThat(workload.pod().getHostPID()).isNull();
    assertThat(workload.pod().getInitContainers()).isEmpty();
    for (Container container : workload.pod().getContainers()) {
      SecurityContext context = container.getSecurityContext();
      assertThat(context.getRunAsNonRoot()).isTrue();
      assertThat(context.getReadOnlyRootFilesystem()).isTrue();
      assertThat(context.getAllowPrivilegeEscalation()).isFalse();
      assertThat(context.getPrivileged()).isFalse();
      assertThat(context.getCapabilities().getDrop()).containsExactly("ALL");
      assertThat(context.getCapabilities().getAdd()).isEmpty();
      assertThat(context.getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    }
  }

  private static void hasResources(Workload workload) {
    var resources = workload.container().getResources();
    assertThat(resources.getRequests()).as(workload.name()).containsKeys("cpu", "memory");
    assertThat(resources.getLimits()).as(workload.name()).containsKey("memory");
    assertThat(resources.getRequests().get("memory"))
        .isEqualTo(resources.getLimits().get("memory"));
  }

  private static void asksWhatIsThere(Workload workload, Map<String, Object> properties) {
    Container container = workload.container();
    assertThat(properties).containsEntry("server.port", workload.port("http"));
    assertThat(properties).containsEntry("management.server.port", workload.port("management"));
    for (Probe probe :
        List.of(
            container.getStartupProbe(),
            container.getLivenessProbe(),
            container.getReadinessProbe())) {
      assertThat(PROBES).contains(probe.getHttpGet().getPath());
      assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo("management");
      assertThat(probe.getHttpGet().getScheme()).isNull();
    }
    assertThat(container.getReadinessProbe().getHttpGet().getPath()).endsWith("readiness");
    assertThat(container.getLivenessProbe().getHttpGet().getPath()).endsWith("liveness");
  }

  /** Requests that are under way end, and answers that are being written after them. */
  private static void endsInTime(Workload workload, Map<String, Object> properties) {
    String phase = String.valueOf(properties.get("spring.lifecycle.timeout-per-shutdown-phase"));
    long seconds = DurationStyle.detectAndParse(phase).toSeconds();
    long sleeps = workload.container().getLifecycle().getPreStop().getSleep().getSeconds();
    assertThat(sleeps).isEqualTo(PRE_STOP_SECONDS);
    assertThat(workload.pod().getTerminationGracePeriodSeconds())
        .as(workload.name())
        .isGreaterThan(sleeps + 2 * seconds);
  }

  /** The container may take what its JVM may. */
  private static void hasRoom(Workload workload, Map<String, Object> properties) {
    String options = workload.variable("JAVA_TOOL_OPTIONS").orElseThrow().getValue();
    long taken = (mebibytes(HEAP, options) + mebibytes(DIRECT, options)) * MIB;
    for (String property : List.of("membrane.fragment.memory", "membrane.fragment.max-in-flight")) {
      taken += DataSize.parse(String.valueOf(properties.getOrDefault(property, "0B"))).toBytes();
    }
    Quantity limit =
        workload.container().getResources().getLimits().getOrDefault("memory", new Quantity("0"));
    assertThat(limit.getNumericalAmount())
        .as(workload.name())
        .isGreaterThanOrEqualTo(BigDecimal.valueOf(taken + 64 * MIB));
  }

  private static long mebibytes(Pattern option, String options) {
    Matcher matcher = option.matcher(options);
    assertThat(matcher.find()).as(options).isTrue();
    return Long.parseLong(matcher.group(1));
  }
}
