package io.membrane.benchmarks;

import io.membrane.block.ContentDigest;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.OffHeap;
import io.membrane.fragment.offheap.Payload;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One payload outside the heap: claimed, committed and closed; the same with its bytes copied in,
 * beside the floor, a plain copy of as many bytes between two direct buffers; and its sums. GB/s
 * are bytes per nanosecond.
 *
 * <p>A memory of holes has every free stretch 4 KiB long: the most blocks that a payload can have.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   org.openjdk.jmh.Main OffHeapBenchmark
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class OffHeapBenchmark {

  private static final int UNIT = 4096;
  private static final int CAPACITY = 64 << 20;

  /** Bytes of the payload. */
  @Param({"4096", "65536", "1048576", "4194304"})
  public int bytes;

  @Param({"fresh", "holes"})
  public String memory = "";

  private final ArrayDeque<Payload> between = new ArrayDeque<>();
  private final ByteBuffer target = ByteBuffer.allocateDirect(4 << 20);
  private @Nullable OffHeap open;
  private @Nullable Payload kept;
  private byte[] content = {};
  private ByteBuffer source = ByteBuffer.allocate(0);

  @Setup(Level.Trial)
  public void fill() {
    content = new byte[bytes];
    new Random(1).nextBytes(content);
    source = ByteBuffer.allocateDirect(bytes).put(content).flip();
    open = new OffHeap(CAPACITY);
    if (memory.equals("holes")) {
      ArrayDeque<Payload> freed = new ArrayDeque<>();
      for (int unit = 0; unit < CAPACITY / UNIT; unit++) {
        (unit % 2 == 0 ? freed : between).add(stored(UNIT));
      }
      freed.forEach(Payload::close);
    }
    kept = copyInAndCommit();
  }

  @TearDown(Level.Trial)
  public void end() {
    kept().close();
    between.forEach(Payload::close);
    between.clear();
    offHeap().close();
  }

  private Payload stored(int length) {
    try (Claim claim = Objects.requireNonNull(offHeap().tryClaim(length))) {
      claim.append(target.slice(0, length));
      return claim.commit();
    }
  }

  private Payload copyInAndCommit() {
    try (Claim claim = Objects.requireNonNull(offHeap().tryClaim(bytes))) {
      claim.append(source.duplicate());
      return claim.commit();
    }
  }

  private OffHeap offHeap() {
    return Objects.requireNonNull(open);
  }

  private Payload kept() {
    return Objects.requireNonNull(kept);
  }

  /** The bookkeeping alone: nothing is written, so the blocks go back with the commit. */
  @Benchmark
  public long claimCommitClose() {
    try (Claim claim = Objects.requireNonNull(offHeap().tryClaim(bytes));
        Payload payload = claim.commit()) {
      return payload.length();
    }
  }

  @Benchmark
  public long retainAndClose() {
    try (Payload again = kept().retain()) {
      return again.length();
    }
  }

  @Benchmark
  public long copyIn() {
    try (Payload payload = copyInAndCommit()) {
      return payload.length();
    }
  }

  @Benchmark
  public ByteBuffer floorPlainCopy() {
    return target.clear().put(source.duplicate());
  }

  @Benchmark
  public ByteBuffer copyOut() {
    target.clear();
    kept().forEach(0, bytes, target::put);
    return target;
  }

  @Benchmark
  public ContentDigest digest() {
    return kept().digest();
  }

  @Benchmark
  public ContentDigest floorDigestOfAnArray() {
    return ContentDigest.of(content);
  }
}
