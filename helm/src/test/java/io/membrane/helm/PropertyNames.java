package io.membrane.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The properties that a service knows, from the metadata of its own, of Membrane and of Boot. */
final class PropertyNames {

  private static final String METADATA = "META-INF/spring-configuration-metadata.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Set<String> names = new HashSet<>();
  private final Set<String> openEnded = new HashSet<>();

  PropertyNames(String service) {
    try {
      Path own = Chart.ROOT.resolve(service).resolve("target/classes").resolve(METADATA);
      if (!Files.exists(own)) {
        throw new IllegalStateException(service + " is not built: mvn -pl helm -am test");
      }
      add(own.toUri().toURL());
      for (URL url : Collections.list(getClass().getClassLoader().getResources(METADATA))) {
        add(url);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether it has a property, spelled as in a file or as an environment variable. */
  boolean has(String name) {
    String canonical = canonical(name);
    return names.contains(canonical)
        || openEnded.stream().anyMatch(start -> canonical.startsWith(start + "."));
  }

  private void add(URL metadata) throws IOException {
    try (InputStream in = metadata.openStream()) {
      for (JsonNode property : JSON.readTree(in).path("properties")) {
        String name = canonical(property.get("name").asText());
        names.add(name);
        if (property.path("type").asText("").startsWith("java.util.Map")) {
          openEnded.add(name);
        }
      }
    }
  }

  /** Dots stay, dashes and case do not count. */
  private static String canonical(String name) {
    return List.of(name.replace('_', '.').split("\\.")).stream()
        .map(part -> part.replace("-", "").toLowerCase(Locale.ROOT))
        .reduce((a, b) -> a + "." + b)
        .orElseThrow();
  }
}
