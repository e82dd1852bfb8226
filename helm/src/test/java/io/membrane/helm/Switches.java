package io.membrane.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** Everything in the schema of the values that is on or off, or one of several words. */
final class Switches {

  /** A value at its path, such as {@code redis.mode=cluster}. */
  record Setting(String path, Object value) {

    @Override
    public String toString() {
      return path + "=" + value;
    }
  }

  private final JsonNode schema;
  private final List<Setting> found = new ArrayList<>();

  private Switches(JsonNode schema) {
    this.schema = schema;
  }

  /** All of them, each in each of its positions. */
  static List<Setting> all() {
    try {
      String text = Chart.read(Chart.FOLDER.resolve("values.schema.json"));
      Switches switches = new Switches(new ObjectMapper().readTree(text));
      switches.look("", switches.schema);
      return List.copyOf(switches.found);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void look(String path, JsonNode node) {
    if (node.has("$ref")) {
      look(path, schema.at(node.get("$ref").asText().substring(1)));
    } else if (node.path("type").asText().equals("boolean")) {
      found.add(new Setting(path, true));
      found.add(new Setting(path, false));
    } else if (node.has("enum")) {
      node.get("enum").forEach(word -> found.add(new Setting(path, word.asText())));
    } else {
      node.path("properties")
          .properties()
          .forEach(one ->
              look(path.isEmpty() ? one.getKey() : path + "." + one.getKey(), one.getValue()));
    }
  }
}
