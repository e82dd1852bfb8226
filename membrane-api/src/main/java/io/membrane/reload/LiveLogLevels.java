package io.membrane.reload;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;

/** Levels of loggers; one that is not named any more inherits its level again. */
final class LiveLogLevels implements LiveSettings {

  private final LoggingSystem loggers;
  private Map<String, LogLevel> inForce;

  /**
   * @param properties as they are in force
   */
  LiveLogLevels(LoggingSystem loggers, Binder properties) {
    this.loggers = loggers;
    this.inForce = read(properties);
  }

  @Override
  public List<String> prefixes() {
    return List.of("logging.level.");
  }

  @Override
  public Runnable prepared(Binder properties) {
    Map<String, LogLevel> next = read(properties);
    return () -> {
      changes(inForce, next, this::set);
      inForce = next;
    };
  }

  private static Map<String, LogLevel> read(Binder properties) {
    return properties
        .bind("logging.level", Bindable.mapOf(String.class, LogLevel.class))
        .orElseGet(Map::of);
  }

  private static void changes(
      Map<String, LogLevel> before,
      Map<String, LogLevel> after,
      BiConsumer<String, @Nullable LogLevel> set) {
    Map<String, @Nullable LogLevel> all = new HashMap<>();
    before.keySet().forEach(logger -> all.put(logger, null));
    all.putAll(after);
    all.forEach(set);
  }

  private void set(String logger, @Nullable LogLevel level) {
    boolean isRoot = LoggingSystem.ROOT_LOGGER_NAME.equalsIgnoreCase(logger);
    loggers.setLogLevel(
        isRoot ? LoggingSystem.ROOT_LOGGER_NAME : logger,
        isRoot && level == null ? LogLevel.INFO : level);
  }
}
