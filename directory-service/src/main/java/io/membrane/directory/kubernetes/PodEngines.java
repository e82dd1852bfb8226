package io.membrane.directory.kubernetes;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import io.membrane.boot.StartupProblem;
import io.membrane.directory.engine.Engine;
import io.membrane.directory.engine.EngineRegistry;
import io.membrane.directory.kubernetes.PodList.Pod;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.MembershipClient;
import io.membrane.wire.NamespaceRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the engines followed that the labels of ready pods name, and no longer once their pods are
 * not ready or gone. They are registered as {@code k8s:<cluster>:<namespace>:<pod>}; other engines
 * are left alone, and while Kubernetes does not answer these too. Every replica of the directory
 * may do so. Thread-safe.
 */
public final class PodEngines {

  private static final Logger log = LoggerFactory.getLogger(PodEngines.class);
  private static final Pattern NAME = Pattern.compile(MembershipClient.NAME);

  private final ClusterApi cluster;
  private final KubernetesProperties properties;
  private final EngineRegistry registry;
  private final Function<NamespaceRequest, Namespace> namespaces;
  private final BiFunction<Namespace, String, BlockHash> roots;
  private final String prefix;

  /** What was said of pods whose engines cannot be followed, to say it once. */
  private final Map<String, String> problems = new HashMap<>();

  private boolean answers = true;
  private @Nullable ScheduledExecutorService thread;

  /**
   * Looks at nothing until it is started.
   *
   * @param properties enabled ones
   * @param namespaces a namespace with its missing parts from the defaults
   * @param roots parent of a tenant's first blocks
   * @throws StartupProblem if there is no way to the cluster
   */
  public PodEngines(
      KubernetesProperties properties,
      EngineRegistry registry,
      Function<NamespaceRequest, Namespace> namespaces,
      BiFunction<Namespace, String, BlockHash> roots) {
    this.cluster = new ClusterApi(properties);
    this.properties = properties;
    this.registry = registry;
    this.namespaces = namespaces;
    this.roots = roots;
    this.prefix = "k8s:%s:%s:".formatted(properties.cluster(), properties.requiredNamespace());
  }

  /**
   * Looks at the pods, and from then on again and again, unless it has begun.
   *
   * @throws StartupProblem if Kubernetes refuses to tell of them
   */
  public synchronized void start() {
    if (thread == null) {
      look();
      thread =
          Executors.newSingleThreadScheduledExecutor(
              Thread.ofPlatform().daemon().name("pod-engines").factory());
      long everyMs = properties.every().toMillis();
      var _ =
          thread.scheduleWithFixedDelay(this::lookAgain, everyMs, everyMs, TimeUnit.MILLISECONDS);
    }
  }

  /** Ends; the engines stay registered. May be started again. */
  public void stop() {
    ScheduledExecutorService ending;
    synchronized (this) {
      ending = thread;
      thread = null;
    }
    if (ending != null) {
      ending.shutdownNow();
      ending.close();
    }
  }

  /** Whether it has begun and not ended. */
  public synchronized boolean isRunning() {
    return thread != null;
  }

  private synchronized void lookAgain() {
    try {
      look();
    } catch (StartupProblem e) {
      if (answers) {
        log.warn("the engines of pods stay as they are: {}", e.getMessage());
      }
      answers = false;
    } catch (RuntimeException e) {
      log.error("the engines of pods could not be looked at; will be tried again", e);
    }
  }

  private synchronized void look() {
    try {
      List<Pod> pods = cluster.pods(properties.requiredNamespace(), LabelledPod.LABEL);
      answers = true;
      register(engines(pods));
    } catch (IOException e) {
      if (answers) {
        log.warn("Kubernetes does not tell of pods; their engines stay as they are", e);
      }
      answers = false;
    } catch (MembraneException e) {
      log.debug("the engines of pods are not registered: {}", e.getMessage());
    }
  }

  private List<Engine> engines(List<Pod> pods) {
    problems.keySet().retainAll(pods.stream().map(Pod::name).toList());
    List<Engine> engines = new ArrayList<>();
    for (Pod pod : pods) {
      String address = pod.address();
      if (pod.isReady() && address != null) {
        try {
          engines.add(engine(prefix + pod.name(), LabelledPod.of(pod, address)));
        } catch (IllegalArgumentException | MembraneException e) {
          report(pod.name(), String.valueOf(e.getMessage()));
        }
      }
    }
    return engines;
  }

  private Engine engine(String id, LabelledPod said) {
    if (!NAME.matcher(id).matches()) {
      throw new IllegalArgumentException(id + " is longer than 128 characters");
    }
    if (!CallContext.isTenant(said.tenant())) {
      throw new IllegalArgumentException("membrane.io/tenant is no name of a tenant");
    }
    Namespace namespace = namespaces.apply(said.namespace());
    return new Engine(
        id,
        said.tenant(),
        properties.cluster(),
        namespace,
        roots.apply(namespace, said.tenant()),
        said.layers(),
        said.endpoint(),
        said.replayEndpoint(),
        said.topic(),
        false);
  }

  private void register(List<Engine> wanted) {
    List<Engine> gone = new ArrayList<>(registry.all());
    gone.removeIf(engine -> !engine.id().startsWith(prefix));
    for (Engine engine : wanted) {
      boolean isKnown = gone.contains(engine);
      gone.removeIf(
          other -> other.id().equals(engine.id()) && other.tenant().equals(engine.tenant()));
      if (isKnown) {
        problems.remove(pod(engine));
      } else {
        put(engine);
      }
    }
    for (Engine engine : gone) {
      log.info("engine {} is not followed any more: its pod is not ready or gone", engine.id());
      registry.remove(engine.tenant(), engine.id());
    }
  }

  private void put(Engine engine) {
    try {
      registry.put(engine);
      problems.remove(pod(engine));
      log.info("engine {} is followed at {}", engine.id(), engine.endpoint());
    } catch (MembraneException e) {
      if (e.code().retriable()) {
        throw e;
      }
      report(pod(engine), String.valueOf(e.getMessage()));
    }
  }

  private String pod(Engine engine) {
    return engine.id().substring(prefix.length());
  }

  private void report(String pod, String problem) {
    if (!problem.equals(problems.put(pod, problem))) {
      log.warn("the engine of pod {} cannot be followed: {}", pod, problem);
    }
  }
}
