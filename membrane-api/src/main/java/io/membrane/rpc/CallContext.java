package io.membrane.rpc;

import io.micrometer.context.ContextSnapshotFactory;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * For whom a request is served and until when. Bound to the thread that serves it and carried to
 * every call that it makes; {@link #carry} takes it to another thread.
 *
 * @param tenant the caller's tenant
 * @param deadlineNanos {@link System#nanoTime()} at which the answer is of no more use
 * @param cancellation whether the caller still waits; once it does not, no time is left
 */
public record CallContext(String tenant, long deadlineNanos, Cancellation cancellation) {

  /** Header: the tenant, set by the gateway alone. */
  public static final String TENANT_HEADER = "Membrane-Tenant";

  /** Header: milliseconds that are left for the answer. */
  public static final String DEADLINE_HEADER = "Membrane-Deadline-Ms";

  /** Who calls where no credentials are configured. */
  public static final String DEFAULT_TENANT = "default";

  private static final String TENANT_LOG_FIELD = "tenant";

  private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  private static final ScopedValue<CallContext> CURRENT = ScopedValue.newInstance();

  private static final ContextSnapshotFactory TRACE =
      ContextSnapshotFactory.builder()
          .captureKeyPredicate(ObservationThreadLocalAccessor.KEY::equals)
          .build();

  /** Whether a tenant may be called this: 1 to 128 letters, digits, '.', '_' and '-'. */
  public static boolean isTenant(String name) {
    return TENANT.matcher(name).matches();
  }

  /** A context that ends {@code budget} from now, of a caller that does not leave. */
  public static CallContext of(String tenant, Duration budget) {
    return of(tenant, budget, new Cancellation());
  }

  /** A context that ends {@code budget} from now. */
  public static CallContext of(String tenant, Duration budget, Cancellation cancellation) {
    return new CallContext(tenant, System.nanoTime() + budget.toNanos(), cancellation);
  }

  /** The context of this thread, or the default tenant with {@code budget} left. */
  public static CallContext currentOr(Duration budget) {
    return CURRENT.isBound() ? CURRENT.get() : of(DEFAULT_TENANT, budget);
  }

  /** Tenant of the request that this thread serves. */
  public static String tenantOfCall() {
    return CURRENT.isBound() ? CURRENT.get().tenant() : DEFAULT_TENANT;
  }

  /**
   * Checks the deadline of the request that this thread serves.
   *
   * @throws MembraneException {@link ErrorCode#DEADLINE_EXCEEDED} once it has passed, {@link
   *     ErrorCode#CANCELLED} once the caller has left
   */
  public static void checkDeadline(String during) {
    checkCaller(during);
    if (isPastDeadline()) {
      throw new MembraneException(
          ErrorCode.DEADLINE_EXCEEDED,
          "the deadline passed during " + during + "; allow more time (" + DEADLINE_HEADER + ")");
    }
  }

  /**
   * Checks that the caller of the request that this thread serves still waits.
   *
   * @throws MembraneException {@link ErrorCode#CANCELLED} if it does not
   */
  public static void checkCaller(String during) {
    if (isCancelled()) {
      throw cancelled(during, null);
    }
  }

  /** Whether the caller of the request that this thread serves has left. */
  public static boolean isCancelled() {
    return CURRENT.isBound() && CURRENT.get().cancellation().isCancelled();
  }

  /** That the caller has left, as an error. */
  public static MembraneException cancelled(String during, @Nullable Throwable cause) {
    return new MembraneException(
        ErrorCode.CANCELLED, "the caller closed its connection during " + during, cause);
  }

  /**
   * Runs an action when the caller of the request that this thread serves leaves; short, as {@link
   * Cancellation#onCancel}.
   */
  public static Cancellation.Listener onCancel(Runnable action) {
    return currentCancellation().onCancel(action);
  }

  /** The caller of the request that this thread serves, or one that does not leave. */
  static Cancellation currentCancellation() {
    return CURRENT.isBound() ? CURRENT.get().cancellation() : new Cancellation();
  }

  /** Whether the request that this thread serves has no time left. */
  public static boolean isPastDeadline() {
    return CURRENT.isBound() && CURRENT.get().remaining().isZero();
  }

  /** Time left, never negative; none once the caller has left. */
  public Duration remaining() {
    if (cancellation.isCancelled()) {
      return Duration.ZERO;
    }
    return Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime()));
  }

  /** This context with less time, if {@code budget} is less than what is left. */
  public CallContext within(Duration budget) {
    long nanos = System.nanoTime() + budget.toNanos();
    return nanos - deadlineNanos < 0 ? new CallContext(tenant, nanos, cancellation) : this;
  }

  /** This context for another tenant. */
  public CallContext as(String other) {
    return new CallContext(other, deadlineNanos, cancellation);
  }

  /** Runs {@code work} in this context; what it logs bears the tenant. */
  public <T> T call(Callable<T> work) throws Exception {
    String before = MDC.get(TENANT_LOG_FIELD);
    MDC.put(TENANT_LOG_FIELD, tenant);
    try {
      return ScopedValue.where(CURRENT, this).call(work::call);
    } finally {
      if (before == null) {
        MDC.remove(TENANT_LOG_FIELD);
      } else {
        MDC.put(TENANT_LOG_FIELD, before);
      }
    }
  }

  /** {@code work} that runs in the caller's context and trace, whichever thread runs it. */
  public static <T> Callable<T> carry(Callable<T> work) {
    return carry(work, currentCancellation());
  }

  /** As {@link #carry}, of work that is not in vain if the caller leaves: only time ends it. */
  public static <T> Callable<T> carryOn(Callable<T> work) {
    return carry(work, new Cancellation());
  }

  private static <T> Callable<T> carry(Callable<T> work, Cancellation cancellation) {
    Callable<T> traced = TRACE.captureAll().wrap(work);
    if (!CURRENT.isBound()) {
      return traced;
    }
    CallContext current = CURRENT.get();
    CallContext context = new CallContext(current.tenant, current.deadlineNanos, cancellation);
    return () -> context.call(traced);
  }
}
