package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;

/** What Helm prints after an installation. Templating leaves it out, so here it is a ConfigMap. */
class NotesTest {

  @TempDir Path folder;

  @Test
  void theySayHowToReachItAndWhatIsOpen() throws IOException {
    assertThat(notes("laptop"))
        .contains("port-forward service/membrane-gateway 8080:8080")
        .contains("http://membrane-gateway.llm.svc:8080")
        .contains("ANONYMOUS")
        .contains("its restart empties the cache")
        .contains("small random model")
        .contains("plain HTTP");
  }

  @Test
  void theySayNothingOfWhatIsDone() throws IOException {
    assertThat(notes("one-region"))
        .contains("https://membrane.example.com")
        .contains("/v1/keys")
        .doesNotContain("ANONYMOUS", "single pod", "random model", "plain HTTP", "Metrics:");
  }

  @Test
  void theyNameWhoIsNotLetIn() throws IOException {
    Map<String, Object> values = Chart.companions();
    values = Chart.set(values, "monitoring.serviceMonitor.enabled", true);
    values = Chart.set(values, "fragment.membrain.enabled", true);
    values = Chart.set(values, "fragment.direct.enabled", true);
    assertThat(notes(values))
        .contains("networkPolicies.metricsFrom", "networkPolicies.membrainFrom")
        .contains("port 8092", "networkPolicies.directFrom");
  }

  private String notes(String example) throws IOException {
    return notes(Chart.values("examples/" + example + ".yaml"));
  }

  private String notes(Map<String, Object> values) throws IOException {
    Path chart = folder.resolve("chart");
    FileSystemUtils.copyRecursively(Chart.FOLDER, chart);
    Path templates = chart.resolve("templates");
    String notes = Chart.read(templates.resolve("NOTES.txt"));
    Files.writeString(
        templates.resolve("notes.yaml"),
        """
        {{- define "notes" }}%s{{ end }}
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: notes
        data:
          notes: {{ include "notes" . | quote }}
        """
            .formatted(notes));
    return Chart.with(chart, values)
        .named(ConfigMap.class, "notes")
        .orElseThrow()
        .getData()
        .getOrDefault("notes", "");
  }
}
