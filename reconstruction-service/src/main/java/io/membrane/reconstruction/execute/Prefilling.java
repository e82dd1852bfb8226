package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.reconstruction.plan.Arrival;
import io.membrane.reconstruction.plan.LearnedLinks;
import io.membrane.reconstruction.plan.Link;
import io.membrane.reconstruction.plan.Plan;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.NextToken;
import io.membrane.wire.PrefillResponse.PrefillTimings;
import io.membrane.wire.PrefillResponse.Source;
import io.membrane.wire.PrefillResponse.Unstored;
import io.membrane.wire.SchedulerClient;
import io.membrane.wire.SchedulerClient.ClusterState;
import io.membrane.wire.SchedulerClient.RouteRequest;
import io.membrane.wire.SchedulerClient.RouteResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has the missing part of a prompt computed where the scheduler says. Thread-safe. */
final class Prefilling {

  /**
   * What a worker did.
   *
   * @param plan as it was carried out
   * @param missing blocks that were to be reused and could not be had
   * @param outrun blocks that were computed before they had come
   * @param logPosition at which the directory knows what was stored; null if nobody says
   * @param tail what lies behind the last full block, if it was asked for
   */
  record Result(
      Plan plan,
      int missing,
      int outrun,
      @Nullable NextToken nextToken,
      PrefillTimings timings,
      @Nullable String logPosition,
      @Nullable HeldTail tail) {}

  /**
   * What a worker says.
   *
   * @param prefix what it was to fetch in the end; null for nothing
   */
  private record Answered(@Nullable Prefix prefix, PrefillResponse answer) {}

  private static final Logger log = LoggerFactory.getLogger(Prefilling.class);

  private static final Duration UNBOUNDED = Duration.ofHours(1);

  private final SchedulerClient scheduler;
  private final Namespaces namespaces;
  private final Watermark watermark;
  private final LearnedLinks links;

  Prefilling(
      SchedulerClient scheduler, Namespaces namespaces, Watermark watermark, LearnedLinks links) {
    this.scheduler = scheduler;
    this.namespaces = namespaces;
    this.watermark = watermark;
    this.links = links;
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
    Served target = task.server(cluster);
    int reused = target.givesKv() ? plan.reusedBlocks() : 0;
    String text = target.wantsText() ? task.text() : null;
    PrefillRequest request =
        new PrefillRequest(
            target.model().id(),
            text == null ? task.tokens() : null,
            text,
            reused == 0 ? null : new Prefix(plan.prompt().blockHashes().subList(0, reused)),
            true,
            task.wish().nextToken(),
            null,
            null,
            task.wantsTail() ? true : null);
    Answered answered = prefill(task, plan, target, request);
    PrefillResponse answer = answered.answer();
    watermark.seen(answer.logPosition());
    List<Arrival> arrivals = arrivals(plan, answered);
    if (answer.provider() == null) {
      learn(plan, answer, arrivals);
    }
    return new Result(
        carriedOut(plan, arrivals, cluster, answer.unstored()),
        Collections.frequency(arrivals, Arrival.MISSING),
        Collections.frequency(arrivals, Arrival.OUTRUN),
        answer.nextToken(),
        answer.timingsMs(),
        answer.logPosition(),
        HeldTail.of(task, target, answer));
  }

  /** What became of the blocks that the plan reuses; what was not asked for could not be had. */
  private static List<Arrival> arrivals(Plan plan, Answered answered) {
    int planned = plan.reusedBlocks();
    PrefillResponse answer = answered.answer();
    if (answered.prefix() == null || answer.provider() != null) {
      return Collections.nCopies(planned, Arrival.MISSING);
    }
    Set<BlockHash> missing = Set.copyOf(answer.prefixMissing());
    return answer.blocks().subList(0, planned).stream()
        .map(block ->
            block.source() == Source.FRAGMENT
                ? Arrival.USED
                : missing.contains(block.blockHash()) ? Arrival.MISSING : Arrival.OUTRUN)
        .toList();
  }

  private static Plan carriedOut(
      Plan plan, List<Arrival> arrivals, String cluster, @Nullable Unstored unstored) {
    if (unstored == null) {
      return plan.carriedOut(arrivals, cluster);
    }
    Set<BlockHash> lost =
        unstored.keys().stream().map(FragmentKey::hash).collect(Collectors.toSet());
    List<BlockHash> hashes = plan.prompt().blockHashes();
    int first = 0;
    while (first < hashes.size() && !lost.contains(hashes.get(first))) {
      first++;
    }
    return plan.carriedOut(arrivals, cluster, first, unstored.detail());
  }

  /** Blocks that could not be had may have cost time; then nothing is known of the links. */
  private void learn(Plan plan, PrefillResponse answer, List<Arrival> arrivals) {
    List<Link> used = new ArrayList<>();
    List<Long> bytes = new ArrayList<>();
    for (int i = 0; i < Math.min(arrivals.size(), plan.links().size()); i++) {
      if (arrivals.get(i) == Arrival.USED) {
        used.add(plan.links().get(i));
        bytes.add(answer.blocks().get(i).bytes());
      }
    }
    if (arrivals.size() == plan.links().size()
        && !arrivals.contains(Arrival.MISSING)
        && bytes.stream().allMatch(size -> size > 0)) {
      links.observe(used, bytes, answer.timingsMs().fetch());
    }
  }

  private static PrefillRequest withoutPrefix(PrefillRequest request) {
    return new PrefillRequest(
        request.model(),
        request.tokens(),
        request.text(),
        null,
        request.store(),
        request.nextToken(),
        request.embeddings(),
        request.shifted(),
        request.tail());
  }

  /**
   * A failed fetch does not fail the prompt: what cannot be fetched is computed. A worker that
   * hashes otherwise may know a newer root: the next call asks for it again.
   */
  private Answered prefill(Task task, Plan plan, Served target, PrefillRequest request) {
    try {
      PrefillResponse answer = target.cluster().worker().prefill(request);
      return new Answered(
          request.prefix(), Answers.prefilled(plan, task.wish().nextToken(), answer));
    } catch (MembraneException e) {
      CallContext.checkCaller("the prefill");
      if (e.code() == ErrorCode.DEPENDENCY_UNAVAILABLE && request.prefix() != null) {
        log.warn("the worker is asked to compute what it may not have fetched: {}", e.detail());
        return prefill(task, plan, target, withoutPrefix(request));
      }
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
