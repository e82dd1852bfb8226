package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.reconstruction.flight.Leases;
import io.membrane.reconstruction.plan.LearnedLinks;
import io.membrane.reconstruction.plan.Plan;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Reuse;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.ComputeClient.TokenizeRequest;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.ResolvedNamespace;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.ReconstructionClient.ApproximateReport;
import io.membrane.wire.ReconstructionClient.ContextRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.ReconstructionClient.PlanResponse;
import io.membrane.wire.SchedulerClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Rebuilds the context of a prompt: asks the directory what is stored and the scheduler where the
 * rest is computed, plans, and has the plan carried out. Nothing is held between calls but what the
 * other services said lately. Thread-safe; a call blocks until its {@code CallContext} ends.
 */
public final class Reconstruction {

  private static final String NOT_PLANNED =
      "; this is the plan of exact reuse: blocks behind other tokens, and similar ones, are looked"
          + " for when the context is asked for";

  private final Fleet fleet;
  private final Namespaces namespaces;
  private final Inventory inventory;
  private final Execution execution;
  private final ShiftedReuse shiftedReuse;
  private final int maxTokens;

  /**
   * @param clusters where prompts can be prefilled, at least one
   * @param leases for what several calls want computed
   * @param links how fast stored bytes come
   * @param leastGain by which computing what is stored has to be faster than fetching it
   * @param policies who may have more than exact reuse
   * @param approximate what is done for those who may have similar blocks
   * @param maxTokens longest prompt
   */
  public Reconstruction(
      List<Cluster> clusters,
      DirectoryClient directory,
      FragmentClient fragments,
      SchedulerClient scheduler,
      Leases leases,
      LearnedLinks links,
      Duration leastGain,
      Policies policies,
      ApproximateReuse approximate,
      int maxTokens) {
    Watermark watermark = new Watermark();
    this.fleet = new Fleet(clusters);
    this.namespaces = new Namespaces(directory);
    this.inventory = new Inventory(directory, fragments, watermark);
    Prefilling prefilling = new Prefilling(scheduler, namespaces, watermark, links);
    this.execution =
        new Execution(inventory, prefilling, leases, watermark, links, leastGain.toNanos() / 1e6);
    this.shiftedReuse =
        new ShiftedReuse(policies, new Candidates(directory), approximate, prefilling, watermark);
    this.maxTokens = maxTokens;
  }

  /**
   * Rebuilds one context.
   *
   * @throws MembraneException whatever stands in the way: the request, a limit, another service
   */
  public Outcome reconstruct(ContextRequest request) {
    Phases phases = new Phases();
    Task task = task(request, phases);
    Prompt prompt = task.prompt();
    Stored named = phases.match(() -> inventory.match(prompt, task.reusable(), task.needs()));
    ShiftedReuse.Result shifted = shiftedReuse.run(task, named, phases);
    ApproximateReport report = shifted.similar() == null ? null : shifted.similar().report();
    if (shifted.done() != null) {
      return outcome(task, named, shifted.done(), report, phases);
    }
    Done done = execution.run(task, named, phases);
    shiftedReuse.computedExactly(task, shifted.similar());
    List<FragmentKey> fragments =
        task.wish().bytes()
            ? inventory.keys(prompt, done.plan().coveredBlocks(), task.needs()).stream()
                .flatMap(List::stream)
                .toList()
            : List.of();
    return new Outcome(
        answer(task, done, report, phases),
        task.namespace(),
        named.matches(),
        done.planned(),
        done.stale(),
        done.declined(),
        done.plan().notReused(),
        done.savedMs(),
        done.flight(),
        phases.waitedMs(),
        fragments,
        done.tail());
  }

  private static Outcome outcome(
      Task task,
      Stored named,
      ShiftedReuse.Done done,
      @Nullable ApproximateReport report,
      Phases phases) {
    ContextResponse response =
        new ContextResponse(
            UUID.randomUUID().toString(),
            task.prompt().blockTokens(),
            task.prompt().totalTokens(),
            done.segments().coverage(),
            done.segments().segments(),
            done.route(),
            done.answer().nextToken(),
            phases.soFar(),
            done.answer().shifted(),
            null,
            report);
    return new Outcome(
        response,
        task.namespace(),
        named.matches(),
        null,
        done.stale(),
        0,
        Map.of(),
        0,
        Flight.NONE,
        phases.waitedMs(),
        task.wish().bytes() ? done.fragments() : List.of(),
        null);
  }

  /**
   * What {@link #reconstruct} would do, without fetching or computing anything.
   *
   * @throws MembraneException as there
   */
  public PlanResponse plan(ContextRequest request) {
    Phases phases = new Phases();
    Task task = task(request, phases);
    Stored named =
        phases.match(() -> inventory.match(task.prompt(), task.reusable(), task.needs()));
    Proposal proposal = execution.propose(task, named, phases);
    PlanResponse plan = proposal.plan().described(proposal.route());
    boolean looksFurther =
        task.wish().reuse() != Reuse.EXACT && !task.isHybrid() && task.mustCompute(named);
    return looksFurther ? ofExactReuse(plan) : plan;
  }

  private static PlanResponse ofExactReuse(PlanResponse plan) {
    return new PlanResponse(
        plan.blockTokens(),
        plan.totalTokens(),
        plan.steps(),
        plan.costMs(),
        plan.alternatives(),
        plan.reason() + NOT_PLANNED,
        plan.route());
  }

  private Task task(ContextRequest request, Phases phases) {
    Wish wish = Wish.of(request, maxTokens);
    shiftedReuse.requireAllowed(wish);
    FleetView view = fleet.look();
    ResolvedNamespace resolved = resolve(wish, view);
    Namespace namespace = resolved.namespace();
    List<Served> servers = servers(wish, view.serving(namespace));
    Tokens tokens = tokens(request, view, servers);
    Prompt prompt =
        phases.hash(() ->
            new Prompt(
                tokens.length(),
                namespace.blockTokens(),
                BlockHasher.chain(resolved.root(), namespace.blockTokens(), tokens)));
    return new Task(
        wish, view, servers, namespace, tokens, request.text(), prompt, resolved.root());
  }

  /**
   * The worker that has a transfer block.
   *
   * @throws MembraneException {@link ErrorCode#NOT_FOUND} if no worker that answers has it
   */
  public ComputeClient holderOf(String transferBlock) {
    return fleet.holder(transferBlock);
  }

  /** Of bytes and tails, those that give any. */
  private static List<Served> servers(Wish wish, List<Served> serving) {
    if (!(wish.bytes() || wish.tail()) || serving.isEmpty()) {
      return serving;
    }
    List<Served> giving = serving.stream().filter(Served::givesKv).toList();
    if (giving.isEmpty() && wish.prefill()) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "%s: the workers of this namespace warm a provider's cache, which keeps its KV; %s"
              .formatted(
                  wish.tail() ? "tail" : "deliver bytes",
                  wish.tail() ? "leave it out" : "write deliver references"));
    }
    return giving.isEmpty() ? serving : giving;
  }

  private ResolvedNamespace resolve(Wish wish, FleetView view) {
    Namespace served = view.only(wish.namespace());
    if (served != null) {
      return namespaces.resolve(NamespaceRequest.of(served));
    }
    NamespaceRequest asked = wish.namespace();
    boolean whole =
        asked.model() != null
            && asked.revision() != null
            && asked.kvDtype() != null
            && asked.blockTokens() != null;
    if (!whole && wish.prefill()) {
      throw view.nobody("the namespace is not complete and is to be filled in by a worker");
    }
    return namespaces.resolve(asked);
  }

  private Tokens tokens(ContextRequest request, FleetView view, List<Served> servers) {
    if (request.tokens() != null) {
      return request.tokens();
    }
    if (servers.isEmpty()) {
      throw view.nobody("text has to be tokenized (or send tokens)");
    }
    Served first = servers.getFirst();
    Tokens tokens =
        Answers.tokens(
                first
                    .cluster()
                    .worker()
                    .tokenize(
                        new TokenizeRequest(
                            first.model().id(), Objects.requireNonNull(request.text()), null)))
            .tokens();
    Wish.checkLength(tokens.length(), maxTokens);
    return tokens;
  }

  private static ContextResponse answer(
      Task task, Done done, @Nullable ApproximateReport report, Phases phases) {
    Plan plan = done.plan();
    HeldTail tail = task.wish().bytes() ? null : done.tail();
    return new ContextResponse(
        UUID.randomUUID().toString(),
        plan.prompt().blockTokens(),
        plan.prompt().totalTokens(),
        plan.coverage(),
        HybridReuse.told(task, plan.segments()),
        done.route(),
        done.nextToken(),
        phases.soFar(),
        null,
        tail == null ? null : tail.block(),
        report);
  }
}
