package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import io.membrane.reconstruction.plan.Plan;
import io.membrane.reconstruction.plan.Planner;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient.NextToken;
import io.membrane.wire.ComputeClient.TokenizeRequest;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.ResolvedNamespace;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.NamespaceRequest;
import io.membrane.wire.ReconstructionClient.ContextRequest;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.SchedulerClient;
import io.membrane.wire.SchedulerClient.RouteResponse;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Rebuilds the context of a prompt: asks the directory what is stored and the scheduler where the
 * rest is computed, plans, and has the plan carried out. Nothing is held between calls but what the
 * other services said lately. Thread-safe; a call blocks until its {@code CallContext} ends.
 */
public final class Reconstruction {

  /**
   * What was done in the end.
   *
   * @param stale blocks that the directory named and that could not be had
   */
  private record Done(
      Plan plan, @Nullable RouteResponse route, @Nullable NextToken nextToken, int stale) {}

  private final Fleet fleet;
  private final Namespaces namespaces;
  private final Inventory inventory;
  private final Prefilling prefilling;
  private final int maxTokens;

  /**
   * @param clusters where prompts can be prefilled, at least one
   * @param maxTokens longest prompt
   */
  public Reconstruction(
      List<Cluster> clusters,
      DirectoryClient directory,
      FragmentClient fragments,
      SchedulerClient scheduler,
      int maxTokens) {
    Watermark watermark = new Watermark();
    this.fleet = new Fleet(clusters);
    this.namespaces = new Namespaces(directory);
    this.inventory = new Inventory(directory, fragments, watermark);
    this.prefilling = new Prefilling(scheduler, namespaces, watermark);
    this.maxTokens = maxTokens;
  }

  /**
   * Rebuilds one context.
   *
   * @throws MembraneException whatever stands in the way: the request, a limit, another service
   */
  public Outcome reconstruct(ContextRequest request) {
    Phases phases = new Phases();
    Wish wish = Wish.of(request, maxTokens);
    FleetView view = fleet.look();
    ResolvedNamespace resolved = resolve(wish, view);
    Namespace namespace = resolved.namespace();
    List<Served> servers = view.serving(namespace);
    Tokens tokens = tokens(request, view, servers);
    Prompt prompt =
        phases.hash(() ->
            new Prompt(
                tokens.length(),
                namespace.blockTokens(),
                BlockHasher.chain(resolved.root(), namespace.blockTokens(), tokens)));
    Task task = new Task(wish, view, servers, namespace, tokens, prompt);
    Stored named = phases.match(() -> inventory.match(prompt, task.slice()));
    Done done = settle(task, named, phases);
    List<FragmentKey> fragments =
        wish.bytes()
            ? inventory.keys(prompt, done.plan().coveredBlocks(), task.slice()).stream()
                .flatMap(List::stream)
                .toList()
            : List.of();
    return new Outcome(answer(done, phases), namespace, named.matches(), done.stale(), fragments);
  }

  private Done settle(Task task, Stored named, Phases phases) {
    Stored stored = named;
    if (!task.mustCompute(stored)) {
      stored = phases.match(() -> inventory.verify(task.prompt(), named, task.slice()));
    }
    int gone = stored.named() - stored.anywhere();
    if (!task.mustCompute(stored)) {
      return new Done(Planner.withoutPrefill(task.prompt(), stored), null, null, gone);
    }
    Stored known = stored;
    RouteResponse route = phases.route(() -> prefilling.route(task, known));
    Plan plan = Planner.withPrefill(task.prompt(), known, route);
    Prefilling.Result result = prefilling.carryOut(task, plan, route.target());
    phases.worker(result.timings());
    int lost = plan.reusedBlocks() - result.plan().reusedBlocks();
    return new Done(result.plan(), route, result.nextToken(), gone + lost);
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

  private static ContextResponse answer(Done done, Phases phases) {
    Plan plan = done.plan();
    return new ContextResponse(
        UUID.randomUUID().toString(),
        plan.prompt().blockTokens(),
        plan.prompt().totalTokens(),
        plan.coverage(),
        plan.segments(),
        done.route(),
        done.nextToken(),
        phases.soFar());
  }
}
