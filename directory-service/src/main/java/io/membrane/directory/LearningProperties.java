package io.membrane.directory;

import io.membrane.boot.StartupProblem;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How much the directory remembers of what callers said of blocks. All of it grows with what is
 * said.
 *
 * @param maxEdges pairs of blocks used together, blocks in such pairs, and blocks of sessions'
 *     contexts; 100 to 150 bytes each
 * @param usesHalfLife after which a use counts half
 * @param maxChunks blocks whose tokens are known; about 300 bytes each
 * @param maxVectors blocks whose embeddings are known
 * @param maxVectorBytes bytes of embeddings, 4 for each dimension
 */
@ConfigurationProperties("membrane.directory")
record LearningProperties(
    @DefaultValue("200000") int maxEdges,
    @DefaultValue("30m") Duration usesHalfLife,
    @DefaultValue("100000") int maxChunks,
    @DefaultValue("100000") int maxVectors,
    @DefaultValue("32MB") DataSize maxVectorBytes) {

  private static final int LEAST_EDGES = 100;

  /** Stops the start if a value cannot be meant. */
  LearningProperties checked() {
    atLeast("max-edges", maxEdges, LEAST_EDGES, "200000");
    atLeast("max-chunks", maxChunks, 1, "100000");
    atLeast("max-vectors", maxVectors, 1, "100000");
    atLeast("max-vector-bytes", maxVectorBytes.toBytes(), 1 << 20, "32MB");
    atLeast("uses-half-life", usesHalfLife.toMillis(), 1000, "30m");
    return this;
  }

  private static void atLeast(String property, long value, long least, String example) {
    if (value < least) {
      throw new StartupProblem(
          "membrane.directory." + property + " is " + value + ", less than " + least,
          "Write at least %d, for example %s.".formatted(least, example));
    }
  }
}
