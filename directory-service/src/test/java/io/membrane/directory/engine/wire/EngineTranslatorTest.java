package io.membrane.directory.engine.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.Tokens;
import io.membrane.directory.engine.wire.Held.Place;
import io.membrane.directory.engine.wire.KvEvent.AllBlocksCleared;
import io.membrane.directory.engine.wire.KvEvent.BlockRemoved;
import io.membrane.directory.engine.wire.KvEvent.BlockStored;
import io.membrane.fixture.Seeds;
import io.membrane.wire.DirectoryClient.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EngineTranslatorTest {

  private static final int SIZE = 4;
  private static final Namespace NAMESPACE = Seeds.namespace(SIZE);
  private static final BlockHash ROOT = BlockHasher.root(NAMESPACE, "");
  private static final Slice ATTENTION = Slice.attention(2);
  private static final Slice STATE = Slice.parse("state.0-1.0of1");

  private final EngineTranslator translator = translator(1_000);
  private final List<Event> told = new ArrayList<>();
  private final Held held = new Held();

  private static EngineTranslator translator(int maxBlocks) {
    return new EngineTranslator(NAMESPACE, ROOT, 2, new Semaphore(maxBlocks));
  }

  private void apply(KvEvent event) {
    translator.apply(
        event,
        e -> {
          told.add(e);
          held.apply(e);
        });
  }

  /** A prefix in whole blocks, and what shapes each beside tokens. */
  private record Prefix(List<Integer> tokens, List<String> extras) {

    Prefix plus(List<Integer> block, String extra) {
      List<Integer> longer = new ArrayList<>(tokens);
      longer.addAll(block);
      List<String> more = new ArrayList<>(extras);
      more.add(extra);
      return new Prefix(List.copyOf(longer), List.copyOf(more));
    }

    boolean isNext(Prefix before) {
      int size = before.tokens.size();
      return tokens.size() == size + SIZE
          && tokens.subList(0, size).equals(before.tokens)
          && extras.subList(0, extras.size() - 1).equals(before.extras);
    }

    BlockHash hash() {
      return BlockHasher.chain(ROOT, SIZE, ofList(tokens), extras::get).getLast();
    }
  }

  private static Tokens ofList(List<Integer> tokens) {
    return Tokens.ofInts(tokens.stream().mapToInt(Integer::intValue).toArray());
  }

  /** An engine that says all that it does, and keeps whole prompts. */
  private static final class Engine {

    private final Map<Prefix, Integer> ids = new HashMap<>();
    final Map<Long, Prefix> names = new HashMap<>();
    final Map<Long, Set<String>> tiers = new HashMap<>();
    private final RandomGenerator random;

    Engine(RandomGenerator random) {
      this.random = random;
    }

    KvEvent next() {
      return switch (random.nextInt(10)) {
        case 0 -> random.nextInt(10) == 0 ? clear() : remove("gpu", true);
        case 1, 2 -> remove(random.nextBoolean() ? "gpu" : "cpu", false);
        case 3, 4 -> move();
        default -> store();
      };
    }

    private KvEvent clear() {
      tiers.clear();
      return new AllBlocksCleared();
    }

    private KvEvent store() {
      List<Long> known = tiers.keySet().stream().sorted().toList();
      Long parent =
          known.isEmpty() || random.nextBoolean() ? null : known.get(random.nextInt(known.size()));
      Prefix prefix = parent == null ? new Prefix(List.of(), List.of()) : prefix(parent);
      List<Long> blocks = new ArrayList<>();
      List<Integer> tokens = new ArrayList<>();
      List<String> extras = new ArrayList<>();
      for (int i = 1 + random.nextInt(3); i > 0; i--) {
        List<Integer> block = block();
        String extra = random.nextInt(5) == 0 ? "[\"x\"]" : "";
        prefix = prefix.plus(block, extra);
        // Few names for each block: an engine may hash more than tokens into one.
        long name = 2L * ids.computeIfAbsent(prefix, p -> ids.size()) + random.nextInt(2);
        blocks.add(name);
        tokens.addAll(block);
        extras.add(extra);
        names.put(name, prefix);
        tiers.computeIfAbsent(name, n -> new HashSet<>()).add("gpu");
      }
      if (random.nextInt(4) == 0) {
        tokens.add(1); // the beginning of a block that is not full
      }
      return new BlockStored(
          blocks,
          parent,
          ofList(tokens),
          SIZE,
          "gpu",
          extras,
          0,
          random.nextBoolean() ? null : "full_attention");
    }

    private Prefix prefix(long name) {
      return Objects.requireNonNull(names.get(name));
    }

    private List<Integer> block() {
      return IntStream.generate(() -> random.nextInt(2)).limit(SIZE).boxed().toList();
    }

    private KvEvent move() {
      List<Long> known = tiers.keySet().stream().sorted().toList();
      List<Long> moved = known.subList(0, known.isEmpty() ? 0 : random.nextInt(known.size()));
      moved.forEach(name -> tiers.computeIfAbsent(name, n -> new HashSet<>()).add("cpu"));
      List<Long> all = new ArrayList<>(moved);
      all.add(-1L); // never heard of
      return new BlockStored(all, null, Tokens.ofInts(), 0, "cpu", List.of(), 0, null);
    }

    private KvEvent remove(String tier, boolean unknown) {
      List<Long> gone =
          unknown
              ? List.of(-2L)
              : tiers.keySet().stream().sorted().filter(n -> random.nextInt(3) == 0).toList();
      for (long name : gone) {
        Set<String> left = tiers.get(name);
        if (left != null && left.remove(tier) && left.isEmpty()) {
          tiers.remove(name);
        }
      }
      return new BlockRemoved(gone, tier, 0);
    }

    /** The blocks that names mean, as far as they are held and follow each other. */
    List<BlockHash> chain(List<Long> asked) {
      List<BlockHash> chain = new ArrayList<>();
      Prefix before = null;
      for (long name : asked) {
        Prefix prefix = tiers.containsKey(name) ? prefix(name) : null;
        if (prefix == null || (before != null && !prefix.isNext(before))) {
          return chain;
        }
        chain.add(prefix.hash());
        before = prefix;
      }
      return chain;
    }

    /** Names of a held prompt's blocks, with one of any others in their place now and then. */
    List<Long> someNames() {
      List<Long> held = tiers.keySet().stream().sorted().toList();
      List<Long> some = new ArrayList<>();
      Prefix before = null;
      for (long name : held) {
        Prefix prefix = prefix(name);
        if (before == null || prefix.isNext(before) || random.nextInt(20) == 0) {
          some.add(random.nextInt(20) == 0 ? name ^ 1 : name);
          before = prefix;
        }
      }
      return some;
    }

    Set<Place> places() {
      Set<Place> places = new HashSet<>();
      tiers.forEach((name, at) ->
          at.forEach(tier -> places.add(new Place(prefix(name).hash(), ATTENTION, tier))));
      return places;
    }
  }

  @Test
  void whatItTellsIsWhatTheEngineHolds() {
    Seeds.forAll(
        100,
        random -> {
          Engine engine = new Engine(random);
          EngineTranslator translator = translator(10_000);
          Held held = new Held();
          for (int step = 0; step < 60; step++) {
            translator.apply(
                engine.next(),
                event -> {
                  Place place = event.blockHash() == null ? null : Held.place(event);
                  assertThat(held.places.contains(place))
                      .as("nothing is told twice: %s", event)
                      .isEqualTo(event.tokenSpan() == null && place != null);
                  held.apply(event);
                });
            assertThat(held.places).isEqualTo(engine.places());
            List<Long> asked = engine.someNames();
            assertThat(translator.chain(asked)).isEqualTo(engine.chain(asked));
          }
        });
  }

  @Test
  void everyRecordedPublisherComesToTheSameBlocks() {
    for (String publisher : Capture.PUBLISHERS) {
      EngineTranslator recorded = translator(1_000);
      Held last = new Held();
      List<Set<Place>> seen = new ArrayList<>();
      for (byte[] payload : Capture.payloads(publisher)) {
        KvEventDecoder.decode(payload).events().forEach(e -> recorded.apply(e, last::apply));
        seen.add(Set.copyOf(last.places));
      }
      assertThat(seen.get(1))
          .as(publisher)
          .isEqualTo(Set.of(gpu(100, 4), gpu(100, 8), gpu(100, 12)));
      assertThat(seen.getLast()).as(publisher).isEqualTo(Set.of(gpu(600, 4)));
      assertThat(recorded.counts().unnamed()).as(publisher).isZero();
      assertThat(recorded.counts().unknown()).as(publisher).isZero();
    }
  }

  private static Place gpu(int firstToken, int tokens) {
    Tokens prompt = Tokens.ofInts(IntStream.range(firstToken, firstToken + tokens).toArray());
    return new Place(BlockHasher.chain(ROOT, SIZE, prompt).getLast(), ATTENTION, "gpu");
  }

  @Test
  void aStoredBlockSaysWhereItStands() {
    apply(stored(List.of(1L, 2L), null, 1, 2, 3, 4, 5, 6, 7, 8));
    List<BlockHash> chain = BlockHasher.chain(ROOT, SIZE, Tokens.ofInts(1, 2, 3, 4, 5, 6, 7, 8));
    assertThat(told)
        .extracting(Event::blockHash, Event::parentHash, e -> String.valueOf(e.tokenSpan()))
        .containsExactly(
            tuple(chain.get(0), null, "0-4"), tuple(chain.get(1), chain.get(0), "4-8"));
  }

  @Test
  void blocksThatCannotBeNamedAreCountedAndNotTold() {
    apply(stored(List.of(2L), 1L, 1, 2, 3, 4)); // a parent never heard of
    apply(
        new BlockStored(
            List.of(3L),
            null,
            Tokens.ofInts(1, 2),
            2,
            "gpu",
            List.of(),
            0,
            null)); // a partial page
    apply(stored(List.of(4L, 5L), null, 1, 2, 3, 4)); // tokens of one block only
    assertThat(translator.counts()).isEqualTo(new EngineTranslator.Counts(0, 0, 3));
    assertThat(held.places).hasSize(1);
  }

  @Test
  void onlyTheMainAttentionAndTheMainStatesCount() {
    apply(grouped(0, "sliding_window"));
    apply(grouped(1, "full_attention"));
    apply(grouped(2, "full_attention"));
    apply(grouped(3, "mamba"));
    assertThat(held.places).extracting(Place::slice).containsExactlyInAnyOrder(ATTENTION, STATE);
    apply(new BlockRemoved(List.of(1L), "gpu", 2));
    apply(new BlockRemoved(List.of(1L), "gpu", 0));
    assertThat(held.places).hasSize(2);
    apply(new BlockRemoved(List.of(1L), "gpu", 1));
    assertThat(held.places).extracting(Place::slice).containsExactly(STATE);
    assertThat(translator.counts()).isEqualTo(new EngineTranslator.Counts(0, 0, 0));
  }

  @Test
  void aNameThatMeansAnotherBlockNowNoLongerMeansTheFirst() {
    apply(stored(List.of(1L), null, 1, 2, 3, 4));
    apply(stored(List.of(1L), null, 5, 6, 7, 8));
    assertThat(held.places)
        .extracting(Place::block)
        .containsExactly(BlockHasher.chain(ROOT, SIZE, Tokens.ofInts(5, 6, 7, 8)).getFirst());
  }

  @Test
  void pastItsBoundItTakesNoMoreBlocksAndStaysRight() {
    EngineTranslator small = translator(1);
    small.apply(stored(List.of(1L, 2L), null, 1, 2, 3, 4, 5, 6, 7, 8), held::apply);
    assertThat(held.places).hasSize(1);
    small.apply(new BlockRemoved(List.of(1L, 2L), "gpu", 0), held::apply);
    assertThat(held.places).isEmpty();
    assertThat(small.blocks()).isZero();
    assertThat(small.counts()).isEqualTo(new EngineTranslator.Counts(0, 1, 1));
    small.apply(stored(List.of(3L), null, 5, 6, 7, 8), held::apply);
    assertThat(held.places).as("what is gone makes room").hasSize(1);
  }

  private static BlockStored stored(List<Long> names, @Nullable Long parent, int... tokens) {
    return new BlockStored(names, parent, Tokens.ofInts(tokens), SIZE, "gpu", List.of(), 0, null);
  }

  private static BlockStored grouped(int group, String kind) {
    return new BlockStored(
        List.of(1L), null, Tokens.ofInts(1, 2, 3, 4), SIZE, "gpu", List.of(), group, kind);
  }
}
