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
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

  /**
   * What came of it.
   *
   * @param done null if the context is to be rebuilt exactly
   * @param similar null unless approximate reuse was asked for
   */
  record Result(@Nullable Done done, @Nullable Similar similar) {}

  private static final Logger log = LoggerFactory.getLogger(ShiftedReuse.class);

  private final Policies policies;
  private final Candidates candidates;
  private final ApproximateReuse approximate;
  private final Prefilling prefilling;
  private final Watermark watermark;

  ShiftedReuse(
      Policies policies,
      Candidates candidates,
      ApproximateReuse approximate,
      Prefilling prefilling,
      Watermark watermark) {
    this.policies = policies;
    this.candidates = candidates;
    this.approximate = approximate;
    this.prefilling = prefilling;
    this.watermark = watermark;
  }

  /**
   * Checks that the tenant of the call may have what it asks for.
   *
   * @throws MembraneException {@link ErrorCode#FORBIDDEN} if it may not
   */
  void requireAllowed(Wish wish) {
    Reuse wanted = wish.reuse();
    if (wanted == Reuse.EXACT) {
      return;
    }
    String tenant = CallContext.tenantOfCall();
    Reuse allowed = Objects.requireNonNullElse(policies.policy(tenant).reuse(), Reuse.EXACT);
    if (allowed.compareTo(wanted) < 0) {
      String name = wanted.name().toLowerCase(Locale.ROOT);
      throw new MembraneException(
          ErrorCode.FORBIDDEN,
          ("reuse %s is not what a prefill gives, and the policy of tenant %s does not allow it:"
                  + " put it with \"reuse\":\"%s\" (PUT /v1/tenants/%s/policy)")
              .formatted(name, tenant, name, tenant));
    }
  }

  /**
   * Has a prompt computed with blocks at other places, as far as it asks for that. A hybrid model
   * has none, since its states know every token before them.
   */
  Result run(Task task, Stored stored, Phases phases) {
    boolean reuses = task.wish().shifted() != null && !task.isHybrid() && task.mustCompute(stored);
    Map<Integer, List<Found>> same =
        reuses ? phases.match(() -> candidates.find(task, stored.anywhere())) : Map.of();
    Similar similar =
        task.wish().approximate()
            ? phases.match(() -> approximate.look(task, stored, same.keySet()))
            : null;
    Map<Integer, List<Found>> near = similar == null ? Map.of() : similar.found();
    boolean none = same.isEmpty() && near.isEmpty();
    Done done =
        !reuses || none || task.servers().isEmpty()
            ? null
            : shift(task, stored, same, near, phases);
    return new Result(done, similar);
  }

  /** Tells what was looked for and computed exactly all the same. */
  void computedExactly(Task task, @Nullable Similar similar) {
    if (similar != null) {
      approximate.describe(task, similar);
    }
  }

  private @Nullable Done shift(
      Task task,
      Stored stored,
      Map<Integer, List<Found>> same,
      Map<Integer, List<Found>> similar,
      Phases phases) {
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
        Candidates.at(route.target(), slice, prompt.blockTokens(), prefix, same, similar);
    if (blocks.isEmpty()) {
      return null;
    }
    Shifted shifted = asked(task.wish(), blocks);
    PrefillResponse given = prefilled(target, request(task, target, prefix, shifted));
    if (given == null) {
      return null;
    }
    PrefillResponse answer =
        ShiftedAnswers.checked(prompt, prefix, shifted, task.wish().nextToken(), given);
    watermark.seen(answer.logPosition());
    phases.worker(answer.timingsMs());
    return new Done(
        ShiftedSegments.of(prompt, stored, route.target(), answer),
        route,
        answer,
        stale(prefix, prompt, answer),
        fragments(answer, slice));
  }

  /** Null if the worker cannot do it, such as without what it has to fetch: it may do the rest. */
  private static @Nullable PrefillResponse prefilled(Served target, PrefillRequest request) {
    try {
      return target.cluster().worker().prefill(request);
    } catch (MembraneException e) {
      CallContext.checkCaller("the prefill");
      if (e.code() == ErrorCode.DEPENDENCY_UNAVAILABLE) {
        log.warn("a context is rebuilt exactly, since shifted reuse failed: {}", e.detail());
        return null;
      }
      throw e;
    }
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

  private Shifted asked(Wish wish, List<ShiftedBlock> blocks) {
    ShiftedOptions options = Objects.requireNonNull(wish.shifted());
    return new Shifted(
        blocks,
        options.recomputeShare(),
        options.measure(),
        wish.approximate() ? approximate.leastEqual() : null);
  }

  private static int stale(int prefix, Prompt prompt, PrefillResponse answer) {
    int sources =
        (int)
            Objects.requireNonNull(answer.shifted()).blocks().stream()
                .filter(use -> !use.used() && use.otherTokens() == 0)
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
