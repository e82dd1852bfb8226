package io.membrane.cli.fleet;

import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * The properties that a service knows: its own, those that all services share, and Spring Boot's,
 * from the metadata that the configuration processor writes.
 */
final class PropertyNames {

  private static final String METADATA = "META-INF/spring-configuration-metadata.json";

  private final Set<String> scalars = new HashSet<>();
  private final Set<String> maps = new HashSet<>();

  PropertyNames(Path module) throws IOException {
    Path own = module.resolve("target/classes").resolve(METADATA);
    if (Files.exists(own)) {
      try (InputStream in = Files.newInputStream(own)) {
        add(in);
      }
    } else if (!Files.isDirectory(module.resolve("target/classes"))) {
      throw new IllegalStateException(module + " is not built: run the build from the root");
    }
    for (URL url : Collections.list(PropertyNames.class.getClassLoader().getResources(METADATA))) {
      try (InputStream in = url.openStream()) {
        add(in);
      }
    }
  }

  /** Whether the environment variable sets a property of the service. */
  boolean has(String variable) {
    String name = canonical(variable);
    return scalars.contains(name) || maps.stream().anyMatch(name::startsWith);
  }

  /** Spring's relaxed form without its separators: what is left is equal for every spelling. */
  static String canonical(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[-_.]", "");
  }

  private void add(InputStream metadata) {
    for (JsonNode property : WireJson.mapper().readTree(metadata).get("properties")) {
      String name = canonical(property.get("name").asString());
      String type = property.path("type").asString("");
      (type.startsWith("java.util.Map") ? maps : scalars).add(name);
    }
  }
}
