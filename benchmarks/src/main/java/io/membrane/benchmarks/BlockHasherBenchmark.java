package io.membrane.benchmarks;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Tokens;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Names the blocks of a 131,072-token prompt on one core, beside the floor: SHA-256 over the same
 * number of bytes in one piece.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   org.openjdk.jmh.Main BlockHasherBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BlockHasherBenchmark {

  private static final int TOKENS = 131_072;

  /** Tokens per block. */
  @Param({"16", "256"})
  public int blockTokens;

  private Tokens tokens = Tokens.ofInts();
  private BlockHash root = BlockHash.of(new byte[BlockHash.BYTES]);
  private byte[] bytes = {};

  @Setup
  public void prompt() {
    tokens = Tokens.ofInts(new Random(1).ints(TOKENS, 0, 128_256).toArray());
    root = BlockHasher.root(new Namespace("model", "r1", "bf16", blockTokens), "");
    bytes = new byte[4 * TOKENS];
  }

  @Benchmark
  public List<BlockHash> chain() {
    return BlockHasher.chain(root, blockTokens, tokens);
  }

  @Benchmark
  public byte[] floorOneDigest() throws NoSuchAlgorithmException {
    return MessageDigest.getInstance("SHA-256").digest(bytes);
  }
}
