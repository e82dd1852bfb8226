package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.membrane.cli.fleet.Jars;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.machine.Executables;
import io.membrane.helm.Manifests;
import io.membrane.helm.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A pod of the chart as a process: with its files, its environment and its arguments, in a folder
 * that stands for its root.
 */
final class ChartPod implements AutoCloseable {

  private static final Duration READY_WITHIN = Duration.ofMinutes(3);

  /** Where something is mounted, and what the image has itself. */
  private static final Pattern MOUNTED = Pattern.compile("(?<![\\w./-])/(?=(etc|var)/)");

  private static final Pattern OF_THE_IMAGE = Pattern.compile("(?<![\\w./-])/opt/membrane/");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\(([A-Z_]+)\\)");

  /** It lives for half a minute, and starting is most of it. */
  private static final String SHORT_LIVED =
      " -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MetaspaceSize=192m"
          + " -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote";

  /** Half a gigabyte of libraries, unpacked once for all tests. */
  private static final Path ENGINE =
      Path.of(
          System.getenv()
              .getOrDefault("DJL_CACHE_DIR", System.getProperty("user.home") + "/.djl.ai"));

  private static final Path PROJECT = Path.of(System.getProperty("membrane.root")).toAbsolutePath();

  private final Workload workload;
  private final PodNetwork network;
  private final Path root;
  private final Path log;
  private @Nullable Process process;

  /**
   * Lays out its files.
   *
   * @param folder of the release; in {@code secrets} lies a folder for each Secret
   */
  ChartPod(Manifests manifests, Workload workload, PodNetwork network, Path folder) {
    this.workload = workload;
    this.network = network;
    this.root = folder.resolve(PodNetwork.pod(workload));
    this.log = root.resolve("log");
    try {
      Files.createDirectories(root);
      for (VolumeMount mount : workload.container().getVolumeMounts()) {
        mount(manifests, mount, folder.resolve("secrets"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
  }

  private void mount(Manifests manifests, VolumeMount mount, Path secrets) throws IOException {
    Path at = root.resolve(mount.getMountPath().substring(1));
    Files.createDirectories(at.getParent());
    Volume volume =
        workload.pod().getVolumes().stream()
            .filter(one -> one.getName().equals(mount.getName()))
            .findAny()
            .orElseGet(Volume::new);
    if (volume.getSecret() != null) {
      Files.createSymbolicLink(at, secrets.resolve(volume.getSecret().getSecretName()));
    } else if (mount.getName().equals("engine")) {
      Files.createSymbolicLink(at, Files.createDirectories(ENGINE));
    } else {
      Files.createDirectory(at);
    }
    if (volume.getConfigMap() != null) {
      String name = volume.getConfigMap().getName();
      ConfigMap map = manifests.named(ConfigMap.class, name).orElseThrow();
      for (Map.Entry<String, String> file : map.getData().entrySet()) {
        Files.writeString(at.resolve(file.getKey()), located(file.getValue()));
      }
    }
  }

  private String located(String text) {
    String mounted = MOUNTED.matcher(text).replaceAll(Matcher.quoteReplacement(root + "/"));
    return OF_THE_IMAGE.matcher(mounted).replaceAll(Matcher.quoteReplacement(PROJECT + "/"));
  }

  /**
   * Starts it.
   *
   * @param more arguments, before which those of its files stand back
   */
  void start(List<String> more) {
    Path java = Executables.java();
    List<String> command = new ArrayList<>(List.of(java.toString(), "-jar"));
    command.add(new Jars(PROJECT, java).of(Member.named(workload.component())).toString());
    workload.container().getArgs().forEach(argument -> command.add(located(argument)));
    command.add("--server.address=" + address());
    command.add("--management.server.address=" + address());
    command.addAll(more);
    ProcessBuilder builder = new ProcessBuilder(command).directory(root.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment());
    try {
      process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Map<String, String> environment() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("HOSTNAME", PodNetwork.pod(workload));
    for (EnvVar variable : workload.container().getEnv()) {
      all.put(variable.getName(), located(value(variable, all)));
    }
    all.merge(
        "JAVA_TOOL_OPTIONS",
        SHORT_LIVED
            + (" -Djdk.net.hosts.file=" + network.hosts())
            + (" -Djava.io.tmpdir=" + root.resolve("tmp")),
        String::concat);
    return all;
  }

  private String value(EnvVar variable, Map<String, String> before) {
    if (variable.getValueFrom() == null) {
      return VARIABLE
          .matcher(variable.getValue())
          .replaceAll(found ->
              Matcher.quoteReplacement(before.getOrDefault(found.group(1), found.group())));
    }
    assertThat(variable.getValueFrom().getFieldRef().getFieldPath()).isEqualTo("metadata.name");
    return PodNetwork.pod(workload);
  }

  /** Waits until its readiness probe is answered. */
  void awaitReady() {
    HTTPGetAction probe = workload.container().getReadinessProbe().getHttpGet();
    String scheme = Objects.requireNonNullElse(probe.getScheme(), "HTTP").toLowerCase(Locale.ROOT);
    Http http = new Http(url(scheme, probe.getPort().getStrVal()));
    Awaitility.await()
        .atMost(READY_WITHIN)
        .failFast(() -> assertThat(isAlive()).as(this::said).isTrue())
        .ignoreException(UncheckedIOException.class)
        .untilAsserted(
            () -> assertThat(http.get(probe.getPath()).status()).as(this::said).isEqualTo(200));
  }

  /** Where a port answers, by its name. */
  URI url(String scheme, String port) {
    return URI.create(scheme + "://" + address() + ":" + workload.port(port));
  }

  private String address() {
    return network.address(workload.component());
  }

  private boolean isAlive() {
    return process != null && process.isAlive();
  }

  private String said() {
    try {
      return PodNetwork.pod(workload) + " wrote\n" + Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    Process running = process;
    if (running != null) {
      running.destroyForcibly().onExit().join();
    }
  }
}
