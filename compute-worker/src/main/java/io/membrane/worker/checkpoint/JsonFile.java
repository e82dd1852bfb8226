package io.membrane.worker.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A JSON object whose fields are read with errors that name the file and the field. */
final class JsonFile {

  private static final JsonMapper STRICT =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String file;
  private final JsonNode root;

  private JsonFile(String file, JsonNode root) {
    this.file = file;
    this.root = root;
  }

  static JsonFile read(Path path) {
    try {
      return parse(path.toString(), Files.readAllBytes(path));
    } catch (NoSuchFileException e) {
      throw new BadModelException(
          path + " is missing: point membrane.worker.model at a directory in Hugging Face form", e);
    } catch (IOException e) {
      throw new BadModelException(path + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Parses an object; a name that occurs twice is an error. */
  static JsonFile parse(String file, byte[] json) {
    try {
      JsonNode root = STRICT.readTree(json);
      if (!root.isObject()) {
        throw new BadModelException(file + " must hold a JSON object");
      }
      return new JsonFile(file, root);
    } catch (JacksonException e) {
      throw new BadModelException(
          file + " is not valid JSON, download it again: " + e.getOriginalMessage(), e);
    }
  }

  JsonNode root() {
    return root;
  }

  /** The object under {@code name}, or an empty one where the field is missing or null. */
  JsonFile object(String name) {
    JsonNode node = root.path(name);
    if (has(name) && !node.isObject()) {
      throw wrong(name, "an object", node);
    }
    return new JsonFile(file, has(name) ? node : STRICT.createObjectNode());
  }

  /** Whether the field is there and not null. */
  boolean has(String name) {
    return root.hasNonNull(name);
  }

  boolean isEmpty() {
    return root.isEmpty();
  }

  String text(String name, String fallback) {
    JsonNode node = root.path(name);
    if (!has(name)) {
      return fallback;
    }
    if (!node.isString()) {
      throw wrong(name, "a text", node);
    }
    return node.stringValue();
  }

  boolean flag(String name, boolean fallback) {
    JsonNode node = root.path(name);
    if (!has(name)) {
      return fallback;
    }
    if (!node.isBoolean()) {
      throw wrong(name, "true or false", node);
    }
    return node.booleanValue();
  }

  double number(String name, double fallback) {
    JsonNode node = root.path(name);
    if (!has(name)) {
      return fallback;
    }
    if (!node.isNumber()) {
      throw wrong(name, "a number", node);
    }
    return node.doubleValue();
  }

  double number(String name) {
    require(name);
    return number(name, 0);
  }

  /** A whole number of at least 1. */
  int size(String name) {
    require(name);
    return size(name, 0);
  }

  int size(String name, int fallback) {
    JsonNode node = root.path(name);
    if (!has(name)) {
      return fallback;
    }
    if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 1) {
      throw wrong(name, "a whole number of at least 1", node);
    }
    return node.intValue();
  }

  private void require(String name) {
    if (!has(name)) {
      throw new BadModelException(file + ": " + name + " is missing");
    }
  }

  private BadModelException wrong(String name, String wanted, JsonNode found) {
    String text = found.toString();
    String shown = text.length() <= 80 ? text : text.substring(0, 80) + "…";
    return new BadModelException(file + ": " + name + " must be " + wanted + ", not " + shown);
  }
}
