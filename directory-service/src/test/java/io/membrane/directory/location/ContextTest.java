package io.membrane.directory.location;

import static io.membrane.directory.location.Entries.ATTENTION;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.fixture.Seeds;
import io.membrane.fixture.TestClock;
import io.membrane.wire.LogEntry;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ContextTest {

  private static final List<BlockHash> CHAIN = Entries.chain(12);
  private static final List<String> DOMAINS = List.of(Entries.DOMAIN, "tenant:b");

  @Test
  void aContextIsWhatADomainHasOfItAndItsLeadingBlocksEndAtTheFirstHole() {
    Seeds.forAll(
        60,
        random -> {
          Image image = new Image(100, new TestClock());
          Map<String, Set<Integer>> held = new HashMap<>();
          int told = -1;
          for (int step = 0; step < 60; step++) {
            String domain = DOMAINS.get(random.nextInt(2));
            Set<Integer> blocks = held.computeIfAbsent(domain, d -> new HashSet<>());
            int block = random.nextInt(Math.min(CHAIN.size(), told + 2));
            boolean isStored = random.nextInt(4) > 0;
            if (isStored) {
              told = Math.max(told, block);
              blocks.add(block);
            } else {
              blocks.remove(block);
            }
            image.apply(
                new LogEntry(
                    "n",
                    "c",
                    domain,
                    null,
                    null,
                    isStored
                        ? Entries.stored(CHAIN, block, ATTENTION, "memory")
                        : Entries.removed(CHAIN.get(block), null, null)));
            int last = random.nextInt(Math.max(1, told + 1));
            for (String asking : DOMAINS) {
              Set<Integer> own = held.getOrDefault(asking, Set.of());
              assertThat(image.context(CHAIN.get(last), asking))
                  .isEqualTo(
                      IntStream.rangeClosed(0, last)
                          .filter(own::contains)
                          .mapToObj(CHAIN::get)
                          .toList());
              assertThat(image.leading(CHAIN, asking))
                  .isEqualTo(
                      IntStream.range(0, CHAIN.size())
                          .filter(i -> !own.contains(i))
                          .findFirst()
                          .orElse(CHAIN.size()));
            }
          }
        });
  }

  @Test
  void theWayBackEndsWhereTheParentIsNotKnown() {
    Image image = new Image(100, new TestClock());
    image.apply(Entries.entry("n", Entries.stored(CHAIN, 5, ATTENTION, "memory")));
    image.apply(Entries.entry("n", Entries.stored(CHAIN, 6, ATTENTION, "memory")));
    assertThat(image.context(CHAIN.get(6), Entries.DOMAIN)).isEqualTo(CHAIN.subList(5, 7));
    assertThat(image.context(CHAIN.get(7), Entries.DOMAIN)).isEmpty();
    assertThat(image.namespaces()).containsExactly(Entries.NAMESPACE);
  }
}
