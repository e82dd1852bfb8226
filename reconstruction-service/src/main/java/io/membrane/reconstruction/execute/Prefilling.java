package io.membrane.reconstruction.execute;

import io.membrane.reconstruction.plan.Plan;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient.NextToken;
import io.membrane.wire.ComputeClient.PrefillRequest;
import io.membrane.wire.ComputeClient.PrefillResponse;
import io.membrane.wire.ComputeClient.PrefillTimings;
import io.membrane.wire.ComputeClient.Prefix;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.SchedulerClient;
import io.membrane.wire.SchedulerClient.ClusterState;
import io.membrane.wire.SchedulerClient.RouteRequest;
import io.membrane.wire.SchedulerClient.RouteResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Has the missing part of a prompt computed where the scheduler says. Thread-safe. */
final class Prefilling {

  /**
   * What a worker did.
   *
   * @param plan as it was carried out
   */
  record Result(Plan plan, @Nullable NextToken nextToken, PrefillTimings timings) {}

  private static final Duration UNBOUNDED = Duration.ofHours(1);

  private final SchedulerClient scheduler;
  private final Namespaces namespaces;
  private final Watermark watermark;

  Prefilling(SchedulerClient scheduler, Namespaces namespaces, Watermark watermark) {
    this.scheduler = scheduler;
    this.namespaces = namespaces;
    this.watermark = watermark;
  }

  /**
   * Where to compute.
   *
   * @throws MembraneException if no worker serves the namespace, or the scheduler does not say
   */
  RouteResponse route(Task task, Stored stored) {
    if (task.servers().isEmpty()) {
      throw task.view().nobody("a part of the prompt is not stored and has to be computed");
    }
    Prompt prompt = task.prompt();
    RouteRequest request =
        new RouteRequest(
            prompt.totalTokens(),
            task.servers().stream()
                .map(Served::cluster)
                .map(c ->
                    new ClusterState(c.name(), c.role(), prompt.tokens(stored.at(c.name())), null))
                .toList(),
            Math.max(1, CallContext.currentOr(UNBOUNDED).remaining().toMillis()));
    return Answers.route(task.servers(), scheduler.route(request));
  }

  /** Computes, at the worker of {@code cluster}, what {@code plan} does not reuse. */
  Result carryOut(Task task, Plan plan, String cluster) {
    Served target =
        task.servers().stream()
            .filter(s -> s.cluster().name().equals(cluster))
            .findFirst()
            .orElseThrow();
    int reused = plan.reusedBlocks();
    PrefillRequest request =
        new PrefillRequest(
            target.model().id(),
            task.tokens(),
            null,
            reused == 0 ? null : new Prefix(plan.prompt().blockHashes().subList(0, reused)),
            true,
            task.wish().nextToken());
    PrefillResponse answer = prefill(task, plan, target, request);
    watermark.seen(answer.logPosition());
    return new Result(
        plan.carriedOut(answer.tokensReused() / plan.prompt().blockTokens(), cluster),
        answer.nextToken(),
        answer.timingsMs());
  }

  /** A worker that hashes otherwise may know a newer root: the next call asks for it again. */
  private PrefillResponse prefill(Task task, Plan plan, Served target, PrefillRequest request) {
    try {
      return Answers.prefilled(
          plan, task.wish().nextToken(), target.cluster().worker().prefill(request));
    } catch (MembraneException e) {
      namespaces.forget(NamespaceRequest.of(task.namespace()));
      if (e.code() == ErrorCode.PREFIX_MISMATCH) {
        throw new MembraneException(
            ErrorCode.DEPENDENCY_UNAVAILABLE,
            "the compute-worker of cluster "
                + target.cluster().name()
                + " hashes this prompt otherwise than this service; try again",
            e);
      }
      throw e;
    }
  }
}
