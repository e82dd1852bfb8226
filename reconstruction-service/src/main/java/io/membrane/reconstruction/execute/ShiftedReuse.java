package io.membrane.reconstruction.execute;

import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.reconstruction.plan.Prompt;
import io.membrane.reconstruction.plan.Stored;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Reuse;
import io.membrane.wire.DirectoryClient.Found;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillRequest.Prefix;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.ReconstructionClient.ShiftedOptions;
import io.membrane.wire.SchedulerClient.RouteResponse;
import io.membrane.wire.Shifted;
import io.membrane.wire.Shifted.ShiftedBlock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rebuilds a context with blocks of the same tokens at other places, for tenants that may have
 * that. Thread-safe.
 */
final class ShiftedReuse {

  /**
   * What was done.
   *
   * @param stale blocks that the directory named and that could not be had
   * @param fragments of the full blocks, in order, up to the first that could not be stored
   */
  record Done(
      ShiftedSegments segments,
      RouteResponse route,
      PrefillResponse answer,
      int stale,
      List<FragmentKey> fragments) {}

  private final Policies policies;
  private final Candidates candidates;
  private final Prefilling prefilling;
  private final Watermark watermark;

  ShiftedReuse(
      Policies policies, Candidates candidates, Prefilling prefilling, Watermark watermark) {
    this.policies = policies;
    this.candidates = candidates;
    this.prefilling = prefilling;
    this.watermark = watermark;
  }

  /**
   * Checks that the tenant of the call may have what it asks for.
   *
   * @throws MembraneException {@link ErrorCode#FORBIDDEN} if it may not
   */
  void requireAllowed() {
    String tenant = CallContext.tenantOfCall();
    if (policies.policy(tenant).reuse() != Reuse.SHIFTED) {
      throw new MembraneException(
          ErrorCode.FORBIDDEN,
          ("reuse shifted is not what a prefill gives, and the policy of tenant %s does not allow it:"
                  + " put it with \"reuse\":\"shifted\" (PUT /v1/tenants/%s/policy)")
              .formatted(tenant, tenant));
    }
  }

  /**
   * Has a prompt computed with blocks at other places; null if there are none, or the model is a
   * hybrid one, whose states know every token before them: then the context is to be rebuilt
   * exactly.
   */
  @Nullable Done run(Task task, Stored stored, Phases phases) {
    ShiftedOptions options = task.wish().shifted();
    if (options == null || task.isHybrid() || !task.mustCompute(stored)) {
      return null;
    }
    Map<Integer, List<Found>> found = phases.match(() -> candidates.find(task, stored.anywhere()));
    if (found.isEmpty() || task.servers().isEmpty()) {
      return null;
    }
    RouteResponse route = phases.route(() -> prefilling.route(task, stored));
    Served target = task.server(route.target());
    Needs needs = target.needs();
    if (needs == null) {
      return null;
    }
    Slice slice = needs.attention().getFirst();
    Prompt prompt = task.prompt();
    int prefix = stored.at(route.target());
    List<ShiftedBlock> blocks =
        Candidates.at(route.target(), slice, prompt.blockTokens(), prefix, found);
    if (blocks.isEmpty()) {
      return null;
    }
    Shifted shifted = new Shifted(blocks, options.recomputeShare(), options.measure());
    PrefillResponse answer =
        Answers.shifted(
            prompt,
            prefix,
            shifted,
            task.wish().nextToken(),
            target.cluster().worker().prefill(request(task, target, prefix, shifted)));
    watermark.seen(answer.logPosition());
    phases.worker(answer.timingsMs());
    return new Done(
        ShiftedSegments.of(prompt, stored, route.target(), answer),
        route,
        answer,
        stale(prefix, prompt, answer),
        fragments(answer, slice));
  }

  /** Of the leading blocks that are stored. */
  private static List<FragmentKey> fragments(PrefillResponse answer, Slice slice) {
    Set<FragmentKey> unstored =
        answer.unstored() == null ? Set.of() : Set.copyOf(answer.unstored().keys());
    return answer.blocks().stream()
        .map(block -> new FragmentKey(block.blockHash(), slice))
        .takeWhile(key -> !unstored.contains(key))
        .toList();
  }

  private static int stale(int prefix, Prompt prompt, PrefillResponse answer) {
    int sources =
        (int)
            Objects.requireNonNull(answer.shifted()).blocks().stream()
                .filter(use -> !use.used())
                .count();
    return prefix - answer.tokensReused() / prompt.blockTokens() + sources;
  }

  private static PrefillRequest request(Task task, Served target, int prefix, Shifted shifted) {
    return new PrefillRequest(
        target.model().id(),
        task.tokens(),
        null,
        prefix == 0 ? null : new Prefix(task.prompt().blockHashes().subList(0, prefix)),
        true,
        task.wish().nextToken(),
        null,
        shifted,
        null);
  }
}
