package io.membrane.leadership;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Candidates on a clock that the test moves, over leases that lose calls and delay them. */
class LeaseElectionTest {

  private static final Duration LEASE = Duration.ofSeconds(15);
  private static final long STEP_MS = 250;

  /** True time, and each replica's own, which runs faster or slower. */
  private static final class World {
    private long nowMs;

    LongSupplier clock(double rate) {
      return () -> (long) (nowMs * 1e6 * rate);
    }
  }

  /** The key in Redis: it ends by the server's clock. */
  private static final class Key {
    private String holder = "";
    private long endMs;

    private boolean hold(String asking, long nowMs, Duration length) {
      if (nowMs < endMs && !holder.equals(asking)) {
        return false;
      }
      holder = asking;
      endMs = nowMs + length.toMillis();
      return true;
    }
  }

  /** The Lease in Kubernetes: a version, and whoever has seen the same one for long takes it. */
  private static final class Stored {
    private String holder = "";
    private int version;
  }

  /** Calls that are lost on their way, or on their way back. */
  private abstract static class Faulty implements SharedLease {
    final World world;
    final RandomGenerator random;

    Faulty(World world, RandomGenerator random) {
      this.world = world;
      this.random = random;
    }

    abstract boolean carriedOut(String holder, Duration length);

    @Override
    public boolean hold(String holder, Duration length) throws IOException {
      int luck = random.nextInt(10);
      if (luck == 0) {
        throw new IOException("lost on its way");
      }
      world.nowMs += random.nextInt(luck == 1 ? 6000 : 200);
      boolean held = carriedOut(holder, length);
      world.nowMs += random.nextInt(luck == 2 ? 6000 : 200);
      if (luck == 3) {
        throw new IOException("lost on its way back");
      }
      return held;
    }

    @Override
    public void release(String holder) {}
  }

  private static SharedLease redis(World world, RandomGenerator random, Key key) {
    return new Faulty(world, random) {
      @Override
      boolean carriedOut(String holder, Duration length) {
        return key.hold(holder, world.nowMs, length);
      }
    };
  }

  private static SharedLease kubernetes(
      World world, RandomGenerator random, Stored record, LongSupplier nanos) {
    return new Faulty(world, random) {
      private int seen = -1;
      private long seenNanos;

      @Override
      boolean carriedOut(String holder, Duration length) {
        if (record.version != seen) {
          seen = record.version;
          seenNanos = nanos.getAsLong();
        }
        boolean isFree =
            record.holder.isEmpty()
                || record.holder.equals(holder)
                || nanos.getAsLong() - seenNanos >= length.toNanos();
        int read = record.version;
        world.nowMs += random.nextInt(1000);
        if (!isFree || record.version != read) {
          return false;
        }
        record.holder = holder;
        record.version++;
        return true;
      }
    };
  }

  @Test
  void thereAreNeverTwoLeadersWhateverIsLostAndHoweverClocksDiffer() {
    Seeds.forAll(
        300,
        random -> {
          World world = new World();
          Key key = new Key();
          Stored record = new Stored();
          boolean isRedis = random.nextBoolean();
          List<LeaseElection> candidates = new ArrayList<>();
          for (int i = 0; i < 3; i++) {
            LongSupplier nanos = world.clock(0.95 + random.nextDouble() / 10);
            candidates.add(
                new LeaseElection(
                    "test",
                    isRedis ? redis(world, random, key) : kubernetes(world, random, record, nanos),
                    "replica-" + i,
                    LEASE,
                    nanos));
          }
          int led = 0;
          for (int step = 0; step < 400; step++) {
            world.nowMs += random.nextInt((int) STEP_MS * 2);
            LeaseElection next = candidates.get(random.nextInt(candidates.size()));
            if (random.nextInt(4) == 0) {
              next.campaign();
            }
            long leaders = candidates.stream().filter(Leadership::leads).count();
            assertThat(leaders).isLessThanOrEqualTo(1);
            led += (int) leaders;
          }
          assertThat(led).as("somebody leads").isPositive();
        });
  }

  @Test
  void whoCannotRenewStepsDownBeforeItsLeaseEnds() {
    World world = new World();
    Key key = new Key();
    boolean[] isAway = new boolean[1];
    SharedLease lease =
        new SharedLease() {
          @Override
          public boolean hold(String holder, Duration length) throws IOException {
            if (isAway[0]) {
              throw new IOException("away");
            }
            return key.hold(holder, world.nowMs, length);
          }

          @Override
          public void release(String holder) {
            key.holder = "";
            key.endMs = 0;
          }
        };
    LeaseElection one = new LeaseElection("test", lease, "one", LEASE, world.clock(1));
    LeaseElection other = new LeaseElection("test", lease, "other", LEASE, world.clock(1));
    assertThat(one.leads()).isFalse();
    one.campaign();
    other.campaign();
    assertThat(one.leads()).isTrue();
    assertThat(other.leads()).isFalse();
    isAway[0] = true;
    world.nowMs += 11_999;
    one.campaign();
    assertThat(one.leads()).as("it may be a moment").isTrue();
    world.nowMs += 1;
    assertThat(one.leads()).as("three seconds before another may begin").isFalse();
    one.campaign();
    isAway[0] = false;
    other.campaign();
    assertThat(other.leads()).isFalse();
    world.nowMs += 3000;
    other.campaign();
    assertThat(other.leads()).isTrue();
    assertThat(one.changes()).isEqualTo(2);

    other.resign();
    assertThat(other.leads()).isFalse();
    one.campaign();
    assertThat(one.leads()).as("at once").isTrue();
  }
}
