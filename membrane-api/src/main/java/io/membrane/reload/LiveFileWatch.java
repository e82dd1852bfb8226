package io.membrane.reload;

import io.membrane.boot.StartupProblem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * Looks at the file of live settings again and again. What has changed is taken as a whole or not
 * at all: all settings are read and checked before the first is put in force. The file's bytes are
 * compared, since Kubernetes exchanges a mounted file by exchanging a link.
 */
public final class LiveFileWatch implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(LiveFileWatch.class);

  private final Path file;
  private final ReloadProperties properties;
  private final ConfigurableEnvironment environment;
  private final List<LiveSettings> settings;
  private final AtomicLong reloads = new AtomicLong();
  private final AtomicLong refusals = new AtomicLong();
  private volatile boolean current = true;

  /** What was looked at last, in force or refused; null if it could not be read. */
  private byte @Nullable [] seen;

  private @Nullable ScheduledExecutorService thread;

  LiveFileWatch(
      Path file,
      ReloadProperties properties,
      ConfigurableEnvironment environment,
      List<LiveSettings> settings) {
    this.file = file;
    this.properties = properties;
    this.environment = environment;
    this.settings = List.copyOf(settings);
  }

  /** How often changed settings were put in force. */
  long reloads() {
    return reloads.get();
  }

  /** How often the file was refused. */
  long refusals() {
    return refusals.get();
  }

  /** Whether what the file says is in force. */
  boolean isCurrent() {
    return current;
  }

  /**
   * Begins to look, unless it has begun.
   *
   * @throws StartupProblem if the file has what no setting is that can change
   */
  @Override
  public synchronized void start() {
    if (thread != null) {
      return;
    }
    try {
      check(LiveFile.read(Files.readAllBytes(file)));
      seen = bytes();
    } catch (IOException | IllegalArgumentException e) {
      throw new StartupProblem(
          "membrane.reload.file, %s: %s".formatted(file, e.getMessage()),
          "Leave in it what can change while the service runs: %s; write all else into"
                  .formatted(String.join(", ", prefixes().sorted().toList()))
              + " application.yaml.");
    }
    thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("live-settings").factory());
    long everyMs = properties.every().toMillis();
    var _ = thread.scheduleWithFixedDelay(this::look, everyMs, everyMs, TimeUnit.MILLISECONDS);
  }

  private synchronized void look() {
    byte @Nullable [] now = null;
    try {
      now = bytes();
      if (!Arrays.equals(now, seen)) {
        take(Files.readAllBytes(file));
        reloads.incrementAndGet();
        current = true;
        log.info("{} has changed, and what it says is in force", file);
      }
    } catch (IOException | RuntimeException e) {
      if (now != null || seen != null) {
        refusals.incrementAndGet();
        current = false;
        log.error(
            "{} has changed and is refused, the settings stay as they are: {}", file, reason(e));
      }
    }
    seen = now;
  }

  /** All that settings come from. */
  private byte[] bytes() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(Files.readAllBytes(file));
    for (LiveSettings each : settings) {
      for (Path further : each.files()) {
        all.write(0);
        all.write(Files.readAllBytes(further));
      }
    }
    return all.toByteArray();
  }

  private void take(byte[] yaml) throws IOException {
    EnumerablePropertySource<?> live = LiveFile.read(yaml);
    check(live);
    Binder candidate = candidate(live);
    List<Runnable> changes = new ArrayList<>();
    for (LiveSettings each : settings) {
      changes.add(each.prepared(candidate));
    }
    LiveFile.put(environment.getPropertySources(), live);
    changes.forEach(Runnable::run);
  }

  private void check(EnumerablePropertySource<?> live) {
    for (String name : live.getPropertyNames()) {
      if (prefixes().noneMatch(name::startsWith)) {
        throw new IllegalArgumentException(name + " cannot change while the service runs");
      }
    }
  }

  /** The properties as they would be. */
  private Binder candidate(PropertySource<?> live) {
    StandardEnvironment candidate = new StandardEnvironment();
    MutablePropertySources sources = candidate.getPropertySources();
    sources.forEach(each -> sources.remove(each.getName()));
    for (PropertySource<?> source : environment.getPropertySources()) {
      if (!ConfigurationPropertySources.isAttachedConfigurationPropertySource(source)) {
        sources.addLast(source);
      }
    }
    LiveFile.put(sources, live);
    return Binder.get(candidate);
  }

  private static String reason(Exception e) {
    StartupProblem problem = problem(e);
    return problem == null
        ? NestedExceptionUtils.getMostSpecificCause(e).toString()
        : problem.getMessage() + ". " + problem.action();
  }

  private static @Nullable StartupProblem problem(@Nullable Throwable e) {
    return e == null || e instanceof StartupProblem ? (StartupProblem) e : problem(e.getCause());
  }

  private Stream<String> prefixes() {
    return settings.stream().flatMap(each -> each.prefixes().stream());
  }

  @Override
  public synchronized void stop() {
    if (thread != null) {
      thread.shutdownNow();
      thread = null;
    }
  }

  @Override
  public synchronized boolean isRunning() {
    return thread != null;
  }
}
