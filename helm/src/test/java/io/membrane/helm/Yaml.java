package io.membrane.helm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** YAML as maps, lists and scalars; a key that stands twice is an error. */
final class Yaml {

  private static final ObjectMapper JSON = new ObjectMapper();

  private Yaml() {}

  static Map<String, Object> map(String text) {
    return map(loader().loadFromString(text));
  }

  static List<Map<String, Object>> documents(String text) {
    return StreamSupport.stream(loader().loadAllFromString(text).spliterator(), false)
        .filter(document -> document != null)
        .map(Yaml::map)
        .toList();
  }

  /** What was read as a map, with its keys as texts. */
  static Map<String, Object> map(Object read) {
    Map<String, Object> map = new LinkedHashMap<>();
    ((Map<?, ?>) read).forEach((key, value) -> map.put(String.valueOf(key), value));
    return map;
  }

  static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static Load loader() {
    return new Load(LoadSettings.builder().setAllowDuplicateKeys(false).build());
  }
}
