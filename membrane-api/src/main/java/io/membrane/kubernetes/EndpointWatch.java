package io.membrane.kubernetes;

import io.membrane.boot.StartupProblem;
import io.membrane.kubernetes.KubernetesApi.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import tools.jackson.databind.JsonNode;

/**
 * Keeps {@link EndpointInstances} true: lists EndpointSlices, then watches what becomes of them. A
 * watch that ends is taken up where it ended, and after {@code 410 Gone} all is listed again. While
 * the API does not answer, what was known stays.
 */
public final class EndpointWatch implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(EndpointWatch.class);
  private static final int PAGE = 500;
  private static final int GONE = 410;

  /** The API ends a watch after so long; a connection that died unseen is noticed soon after. */
  private static final Duration WATCH = Duration.ofMinutes(2);

  /** Watches that say nothing and end sooner are not begun one right after the other. */
  private static final Duration SHORT = Duration.ofSeconds(1);

  private static final Duration WATCH_SLACK = Duration.ofSeconds(15);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final KubernetesApi api;
  private final String namespace;
  private final String selector;
  private final EndpointInstances instances;
  private final AtomicLong failures = new AtomicLong();
  private @Nullable Thread thread;
  private volatile boolean running;

  /** Where the watch goes on; empty: all is to be listed. */
  private String version = "";

  private Duration pause = FIRST_PAUSE;
  private boolean answers = true;

  EndpointWatch(KubernetesApi api, String namespace, String selector, EndpointInstances instances) {
    this.api = api;
    this.namespace = namespace;
    this.selector = selector;
    this.instances = instances;
  }

  /** A list or a watch that did not succeed; the message is for operators. */
  private static final class Failure extends Exception {
    private static final long serialVersionUID = 1L;
    private final int status;
    private final transient Duration retryAfter;

    Failure(String message, int status, Duration retryAfter) {
      super(message);
      this.status = status;
      this.retryAfter = retryAfter;
    }
  }

  /** How often the API did not answer as it should. */
  long failures() {
    return failures.get();
  }

  /**
   * Looks once, and then watches, unless it has begun. An API that does not answer is no reason not
   * to start: services are called at their configured URLs until it does.
   *
   * @throws StartupProblem if the API refuses to tell
   */
  @Override
  public synchronized void start() {
    if (thread == null) {
      try {
        list();
      } catch (Failure e) {
        if (e.status == 401 || e.status == 403) {
          throw refused(e.status);
        }
        failed(e.getMessage());
      } catch (IOException e) {
        failed(e.getMessage());
      }
      running = true;
      thread = Thread.ofPlatform().daemon().name("endpoint-watch").start(this::run);
    }
  }

  /** Ends; what is known stays. */
  @Override
  public synchronized void stop() {
    Thread ending = thread;
    if (ending != null) {
      running = false;
      api.cancel();
      ending.interrupt();
      thread = null;
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** Before anybody calls a service. */
  @Override
  public int getPhase() {
    return 0;
  }

  private void run() {
    while (running) {
      try {
        if (version.isEmpty()) {
          list();
        }
        watch();
      } catch (Failure e) {
        if (e.status == GONE && !version.isEmpty()) {
          log.debug("what has changed is not known any more; all is listed again");
          version = "";
        } else {
          failed(e.getMessage());
          sleep(e.retryAfter);
        }
      } catch (IOException e) {
        if (running) {
          failed(e.getMessage());
          sleep(Duration.ZERO);
        }
      } catch (RuntimeException e) {
        log.error("instances of services could not be looked up; will be tried again", e);
        version = "";
        sleep(LONGEST_PAUSE);
      }
    }
  }

  private void list() throws IOException, Failure {
    List<JsonNode> all = new ArrayList<>();
    String from = "";
    String at;
    do {
      Map<String, String> query = query();
      query.put("limit", Integer.toString(PAGE));
      if (!from.isEmpty()) {
        query.put("continue", from);
      }
      Answer answer = checked(api.call("GET", path(), query, null));
      if (answer.body().path("items").isArray()) {
        answer.body().path("items").forEach(all::add);
      }
      from = answer.body().at("/metadata/continue").asString("");
      at = answer.body().at("/metadata/resourceVersion").asString("");
    } while (!from.isEmpty());
    if (at.isEmpty()) {
      throw new IOException("the list has no resource version: is this a Kubernetes API?");
    }
    instances.replace(all);
    version = at;
    succeeded();
  }

  private void watch() throws IOException, Failure {
    Map<String, String> query = query();
    query.put("watch", "true");
    query.put("allowWatchBookmarks", "true");
    query.put("resourceVersion", version);
    query.put("timeoutSeconds", Long.toString(WATCH.toSeconds()));
    int[] error = new int[1];
    boolean[] heard = new boolean[1];
    long begun = System.nanoTime();
    checked(
        api.watch(
            path(),
            query,
            WATCH.plus(WATCH_SLACK),
            event -> {
              heard[0] = true;
              error[0] = take(event);
              return error[0] == 0 && running;
            }));
    if (error[0] != 0) {
      throw new Failure("the watch ends with " + error[0], error[0], Duration.ZERO);
    }
    succeeded();
    if (!heard[0] && System.nanoTime() - begun < SHORT.toNanos()) {
      sleep(Duration.ZERO);
    }
  }

  /** 0, or the status of an error. */
  private int take(JsonNode event) {
    JsonNode object = event.path("object");
    switch (event.path("type").asString("")) {
      case "ADDED", "MODIFIED" -> instances.put(object);
      case "DELETED" -> instances.remove(object);
      case "ERROR" -> {
        return object.path("code").asInt(500);
      }
      default -> log.trace("a bookmark");
    }
    String at = object.at("/metadata/resourceVersion").asString("");
    if (!at.isEmpty()) {
      version = at;
    }
    return 0;
  }

  private Map<String, String> query() {
    Map<String, String> query = new HashMap<>();
    query.put("labelSelector", selector);
    return query;
  }

  private String path() {
    return "/apis/discovery.k8s.io/v1/namespaces/" + namespace + "/endpointslices";
  }

  private Answer checked(Answer answer) throws Failure {
    if (!answer.isOk()) {
      throw new Failure(
          answer.isRefusal()
              ? "it refuses (%d); allow list and watch on endpointslices".formatted(answer.status())
              : "it answers " + answer.status(),
          answer.status(),
          answer.retryAfter());
    }
    return answer;
  }

  private StartupProblem refused(int status) {
    return new StartupProblem(
        "the Kubernetes API at %s does not let this service list EndpointSlices of namespace %s (%d)"
            .formatted(api.where(), namespace, status),
        status == 403
            ? "Allow the verbs list and watch on endpointslices (discovery.k8s.io) in that namespace"
                + " to this service account (a Role and a RoleBinding), or set"
                + " membrane.discovery.by=urls."
            : "Renew the service account's token or the kubeconfig, or set"
                + " membrane.discovery.by=urls.");
  }

  private void succeeded() {
    if (!answers) {
      log.info("Kubernetes tells of instances again");
    }
    answers = true;
    pause = FIRST_PAUSE;
  }

  private void failed(@Nullable String why) {
    failures.incrementAndGet();
    if (answers) {
      log.warn(
          "Kubernetes does not tell of instances at {}; those that are known stay: {}",
          api.where(),
          why);
    }
    answers = false;
  }

  /** At least as long as the API asks for, longer each time, and not all replicas at once. */
  private void sleep(Duration atLeast) {
    Duration longest = atLeast.compareTo(pause) > 0 ? atLeast : pause;
    Duration bounded = longest.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : longest;
    pause =
        pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause.multipliedBy(2);
    long ms = bounded.toMillis();
    try {
      Thread.sleep(ms + ThreadLocalRandom.current().nextLong(ms / 4 + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
