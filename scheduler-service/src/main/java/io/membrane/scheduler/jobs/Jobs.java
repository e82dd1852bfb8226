package io.membrane.scheduler.jobs;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.redis.RedisCalls;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jobs one after the other on one thread of this replica, up to {@value #MOST_WAITING} waiting.
 * What becomes of them stands in Redis for an hour, so that every replica can show and cancel them.
 * While Redis is gone a running job goes on, and its result is written when Redis is back.
 * Thread-safe.
 */
public final class Jobs implements AutoCloseable {

  /** How many jobs of a replica wait behind the running one. */
  public static final int MOST_WAITING = 8;

  private static final Logger log = LoggerFactory.getLogger(Jobs.class);

  private static final int ID_BYTES = 16;
  private static final Pattern ID = Pattern.compile("sim-[0-9a-f]{32}");
  private static final String SHUT_DOWN = "the replica that ran it was shut down; submit it again";

  private final JobStore store;
  private final JobSettings settings;
  private final Clock clock;
  private final Consumer<Status> ended;
  private final SecureRandom random = new SecureRandom();
  private final Semaphore room = new Semaphore(1 + MOST_WAITING);
  private final Map<String, Job> mine = new ConcurrentHashMap<>();
  private final ThreadPoolExecutor worker;
  private final ScheduledExecutorService ticker;
  private boolean redisAnswers = true;

  /**
   * @param ended told how each job of this replica ended
   */
  public Jobs(RedisCalls redis, JobSettings settings, Clock clock, Consumer<Status> ended) {
    this.store = new JobStore(redis, settings.goneAfter());
    this.settings = settings;
    this.clock = clock;
    this.ended = ended;
    this.worker =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("jobs").factory());
    this.ticker =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("jobs-tick").factory());
    long tick = settings.tick().toMillis();
    var _ = ticker.scheduleWithFixedDelay(this::tick, tick, tick, TimeUnit.MILLISECONDS);
  }

  /**
   * Takes a job.
   *
   * @return the job as it waits
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if too many wait, {@link
   *     ErrorCode#DEPENDENCY_UNAVAILABLE} while this replica shuts down or Redis is gone
   */
  public JobState submit(String tenant, Work work) {
    if (worker.isShutdown()) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE, "this replica is shutting down; try again");
    }
    if (!room.tryAcquire()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED,
          "%d simulations wait already; try again when one has ended, or cancel one"
              .formatted(MOST_WAITING));
    }
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    Job job = new Job(tenant, "sim-" + HexFormat.of().formatHex(id), work, clock, room::release);
    try {
      store.add(job);
    } catch (RuntimeException e) {
      room.release();
      throw e;
    }
    JobState submitted = job.state();
    mine.put(job.id(), job);
    worker.execute(job);
    return submitted;
  }

  /** A job of this tenant, whichever replica runs it. */
  public Optional<JobState> find(String tenant, String id) {
    return ID.matcher(id).matches() ? store.read(tenant, id) : Optional.empty();
  }

  /** Result of a job as JSON, once it is done. */
  public @Nullable String result(String tenant, String id) {
    return ID.matcher(id).matches() ? store.result(tenant, id) : null;
  }

  /** The last {@value JobStore#MOST_KEPT} jobs of a tenant, newest first. */
  public List<JobState> newestFirst(String tenant) {
    return store.newestFirst(tenant);
  }

  /**
   * Asks for the end of a job; one that has ended stays as it ended. Its replica hears of it at its
   * next tick: until then the job is shown as it was, may begin, and may even be done.
   *
   * @return whether there is such a job
   */
  public boolean cancel(String tenant, String id) {
    return ID.matcher(id).matches() && store.cancel(tenant, id);
  }

  /** Jobs of this replica that wait or run. */
  public int underWay() {
    return 1 + MOST_WAITING - room.availablePermits();
  }

  /** Ends all jobs of this replica as failed and says so. */
  @Override
  public void close() {
    mine.values().forEach(job -> job.stop(Status.FAILED, SHUT_DOWN));
    worker.shutdown();
    ticker.shutdown();
    try {
      boolean stopped =
          worker.awaitTermination(settings.stopWithin().toMillis(), TimeUnit.MILLISECONDS);
      boolean silent =
          ticker.awaitTermination(settings.stopWithin().toMillis(), TimeUnit.MILLISECONDS);
      if (!stopped || !silent) {
        log.warn("a job does not stop; others will see it as lost");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    tick();
  }

  private void tick() {
    try {
      for (Job job : List.copyOf(mine.values())) {
        boolean atEnd = job.state().status().hasEnded();
        boolean cancel = store.write(job);
        if (atEnd) {
          mine.remove(job.id());
          ended.accept(job.state().status());
        } else if (cancel && !job.isCancelled()) {
          job.stop(Status.CANCELLED, "cancelled on request");
          worker.remove(job);
        }
      }
      redisAnswers = true;
    } catch (MembraneException e) {
      if (redisAnswers) {
        log.warn("the state of jobs cannot be written, they go on: {}", e.detail());
      }
      redisAnswers = false;
    } catch (RuntimeException e) {
      log.error("the state of jobs cannot be written", e);
    }
  }
}
