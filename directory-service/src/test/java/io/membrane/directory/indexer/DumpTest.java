package io.membrane.directory.indexer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.membrane.block.BlockHash;
import io.membrane.block.Slice;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.Image;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.LogEntry;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DumpTest {

  private static final Slice SLICE = Slice.attention(2);
  private static final List<BlockHash> CHAIN = Entries.chain(3);

  private final Image image = new Image(100, Clock.systemUTC());

  private void holds(String node, int block, String tier) {
    image.apply(Entries.entry(node, Entries.stored(CHAIN, block, SLICE, tier)));
  }

  @Test
  void whatEnginesOfTheDomainHoldIsToldParentsFirst() {
    holds("w:dp1", 2, "cpu");
    holds("w:dp1", 1, "gpu");
    holds("w:dp1", 0, "gpu");
    holds("store", 0, "redis");
    image.apply(
        new LogEntry("alien", "c1", "other", null, null, Entries.stored(CHAIN, 0, SLICE, "gpu")));
    image.apply("far", Entries.entry("w", Entries.stored(CHAIN, 0, SLICE, "gpu")));
    image.apply(Entries.entry("w", Entries.stored(CHAIN, 0, Entries.STATE, "gpu")));

    Map<String, Dump.Blocks> dump = new Dump(image, 3).of(Entries.DOMAIN, "t");

    String key = Entries.NAMESPACE.model() + ":t";
    assertThat(dump).containsOnlyKeys(key);
    Dump.Blocks blocks = Objects.requireNonNull(dump.get(key));
    assertThat(blocks.blockSize()).isEqualTo(16);
    assertThat(blocks.events())
        .extracting(
            Dump.WorkerEvent::instanceName,
            Dump.WorkerEvent::medium,
            e -> e.event().dpRank(),
            e -> e.event().data().stored())
        .containsExactly(
            tuple("w", "gpu", 1, stored(null, 0)),
            tuple("w", "gpu", 1, stored(CHAIN.get(0), 1)),
            tuple("w", "cpu", 1, stored(CHAIN.get(1), 2)));
  }

  private static Dump.Stored stored(@Nullable BlockHash parent, int at) {
    return new Dump.Stored(parent, List.of(new Dump.StoredBlock(CHAIN.get(at))));
  }

  @Test
  void moreThanTheLimitIsRefused() {
    holds("w", 0, "gpu");
    holds("w", 0, "cpu");
    holds("w", 1, "gpu");
    assertThatThrownBy(() -> new Dump(image, 2).of(Entries.DOMAIN, "t"))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_LARGE));
    assertThat(new Dump(image, 2).of("nobody's", "t")).isEmpty();
  }
}
