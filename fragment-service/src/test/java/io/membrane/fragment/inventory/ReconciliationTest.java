package io.membrane.fragment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ReconciliationTest {

  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;
  private static final double[] SHARES = {0, 0.0005, 0.01, 0.1, 0.5, 1};
  private static final int[] SIZES = {0, 1, 2, 64, 65, 128, 129, 1_000, 5_000, 20_000};

  /** All keys in one place; in 16 places; behind 40 equal bits; in every second range. */
  private static final List<LongUnaryOperator> CROWDS =
      List.of(p -> 0, p -> -1L, p -> p & 0xF00L, p -> p >>> 40, p -> p & 0xAAAA_AAAA_AAAA_AAAAL);

  @Test
  void findsExactlyTheDifferencesFromBothSides() {
    Seeds.forAll(
        60,
        random -> {
          int size = SIZES[random.nextInt(SIZES.length)];
          Map<FragmentKey, ContentDigest> a = Sets.keys(random, size);
          double share = SHARES[random.nextInt(SHARES.length)];
          Map<FragmentKey, ContentDigest> b = Sets.changed(random, a, share);
          check(a, b, LongUnaryOperator.identity(), MIB);
        });
  }

  @Test
  void findsTheDifferencesOfUnrelatedSets() {
    Seeds.forAll(
        20,
        random -> {
          var a = Sets.keys(random, SIZES[random.nextInt(SIZES.length)]);
          var b = Sets.keys(random, SIZES[random.nextInt(SIZES.length)]);
          check(a, b, LongUnaryOperator.identity(), 64 * KIB);
        });
  }

  @Test
  void smallAnswersAreAskedForTheRest() {
    Seeds.forAll(
        20,
        random -> {
          Map<FragmentKey, ContentDigest> a = Sets.keys(random, random.nextInt(8_000));
          double share = SHARES[random.nextInt(SHARES.length)];
          check(a, Sets.changed(random, a, share), LongUnaryOperator.identity(), 4 * KIB);
        });
  }

  @Test
  void keysThatWereChosenToCrowdAreFoundAllTheSame() {
    Seeds.forAll(
        30,
        random -> {
          LongUnaryOperator crowd = CROWDS.get(random.nextInt(CROWDS.size()));
          Map<FragmentKey, ContentDigest> a = Sets.keys(random, random.nextInt(4_000));
          Map<FragmentKey, ContentDigest> b =
              random.nextInt(4) == 0
                  ? Sets.keys(random, random.nextInt(4_000))
                  : Sets.changed(random, a, SHARES[random.nextInt(SHARES.length)]);
          check(a, b, crowd, (4 * KIB) << random.nextInt(4));
        });
  }

  @Test
  void equalInventoriesTakeOneRoundOfAHundredBytes() {
    Map<FragmentKey, ContentDigest> keys = Sets.keys(new Random(1), 10_000);
    Exchange exchange = new Exchange(Sets.inventory(keys), MIB).with(Sets.inventory(keys));
    assertThat(exchange.rounds()).isOne();
    assertThat(exchange.bytes()).isLessThan(100);
  }

  @Test
  void aMillionKeysOfWhichOneInAThousandDiffersTakeThreeRoundsAndHalfAMegabyte() {
    RandomGenerator random = new Random(7);
    Inventory here = new Inventory();
    Inventory there = new Inventory();
    int here0 = 0;
    int there0 = 0;
    for (int i = 0; i < 1_000_000; i++) {
      FragmentKey key = Sets.key(random);
      ContentDigest digest = Sets.digest(random);
      if (i % 1_000 == 0) {
        here0 += here.add(key, digest) ? 1 : 0;
      } else if (i % 1_000 == 500) {
        there0 += there.add(key, digest) ? 1 : 0;
      } else {
        here.add(key, digest);
        there.add(key, digest);
      }
    }
    Exchange exchange = new Exchange(here, MIB).with(there);
    assertThat(exchange.differences()).hasSize(here0 + there0).hasSize(2_000);
    assertThat(exchange.rounds()).isEqualTo(3);
    assertThat(exchange.bytes()).isLessThan(800_000);
  }

  @Test
  void aDifferenceThatLastsIsToldWhateverElseChanges() {
    Seeds.forAll(
        25,
        random -> {
          Map<FragmentKey, ContentDigest> a = Sets.keys(random, random.nextInt(6_000));
          Map<FragmentKey, ContentDigest> b = Sets.changed(random, a, 0.05);
          Inventory here = Sets.inventory(a);
          Inventory there = Sets.inventory(b);
          Set<FragmentKey> touched = new HashSet<>();
          Runnable churn =
              () -> {
                churn(random, here, a, touched);
                churn(random, there, b, touched);
              };
          Set<Difference> lasting = Sets.differences(a, b);
          Exchange exchange = new Exchange(here, 16 * KIB).with(there, churn);
          assertThat(exchange.reconciliation().isComplete()).isTrue();
          lasting.removeIf(d -> touched.contains(d.key()));
          assertThat(exchange.differences()).containsAll(lasting);
          Set<Difference> told = exchange.differences();
          told.removeAll(lasting);
          assertThat(told).allMatch(d -> touched.contains(d.key()));
        });
  }

  @Test
  void aPeerThatNeverEndsIsLeft() {
    RandomGenerator random = new Random(3);
    Inventory there = Sets.inventory(Sets.keys(random, 100));
    Exchange exchange =
        new Exchange(new Inventory(), 4 * KIB, 50)
            .with(there, () -> Sets.keys(random, 200).forEach(there::add));
    assertThat(exchange.rounds()).isLessThanOrEqualTo(50);
    Exchange short1 = new Exchange(new Inventory(), 4 * KIB, 2).with(there);
    assertThat(short1.rounds()).isEqualTo(2);
    assertThat(short1.reconciliation().isComplete()).isFalse();
    assertThat(short1.differences()).isNotEmpty();
  }

  @Test
  void aQuestionStaysUntilItIsAnsweredAndAnyReplicaMayAnswer() {
    RandomGenerator random = new Random(5);
    Map<FragmentKey, ContentDigest> a = Sets.keys(random, 3_000);
    Map<FragmentKey, ContentDigest> b = Sets.changed(random, a, 0.1);
    Set<Difference> told = new HashSet<>();
    Reconciliation r =
        new Reconciliation(Sets.inventory(a), 8 * KIB, 1_000, new Random(1), told::add);
    assertThatIllegalStateException().isThrownBy(() -> r.answer(new byte[0]));
    while (r.question().isPresent()) {
      byte[] question = r.question().orElseThrow();
      int before = told.size();
      assertThatIllegalArgumentException().isThrownBy(() -> r.answer(new byte[] {1, 9}));
      assertThatIllegalArgumentException().isThrownBy(() -> r.answer(question));
      assertThat(told).hasSize(before);
      assertThat(r.question()).contains(question);
      r.answer(Sets.inventory(b).answer(question));
    }
    assertThat(told).isEqualTo(Sets.differences(a, b));
  }

  @Test
  void answersThatWereNotAskedForAreRefusedAndNothingIsTold() {
    RandomGenerator random = new Random(11);
    Map<FragmentKey, ContentDigest> keys = Sets.keys(random, 40);
    Set<Difference> told = new HashSet<>();
    Reconciliation r = new Reconciliation(new Inventory(), 4 * KIB, 10, new Random(1), told::add);
    Question question = Codec.decodeQuestion(r.question().orElseThrow());
    Answer.Entries answer = (Answer.Entries) Answering.answer(Sets.inventory(keys), question);
    List<byte[]> entries = answer.entries();
    FragmentKey first = Entry.key(entries.getFirst(), Entry.WIRE_AT);
    List<Answer> wrong =
        List.of(
            new Answer.Equal(),
            new Answer.Digests(List.of(1L)),
            new Answer.Marks(List.of(new long[] {5}), null),
            new Answer.Entries(entries.reversed(), null),
            new Answer.Entries(List.of(entries.get(0), entries.get(0)), null),
            new Answer.Entries(entries, first));
    for (Answer a : wrong) {
      assertThatIllegalArgumentException().isThrownBy(() -> r.answer(Codec.encode(a)));
    }
    assertThat(told).isEmpty();
    r.answer(Codec.encode(new Answer.Entries(List.of(entries.get(0)), first)));
    Question rest = Codec.decodeQuestion(r.question().orElseThrow());
    assertThat(((Question.Entries) rest).from()).isEqualTo(first);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> r.answer(Codec.encode(new Answer.Entries(List.of(), first))));
    r.answer(Codec.encode(Answering.answer(Sets.inventory(keys), rest)));
    assertThat(told).isEqualTo(Sets.differences(Map.of(), keys));
  }

  @Test
  void limitsAreChecked() {
    Inventory inventory = new Inventory();
    for (int limit : new int[] {-1, 0, 4 * KIB - 1, 4 * MIB + 1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Reconciliation(inventory, limit, 1, new Random(1), d -> {}));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Reconciliation(inventory, MIB, 0, new Random(1), d -> {}));
  }

  private static void check(
      Map<FragmentKey, ContentDigest> a,
      Map<FragmentKey, ContentDigest> b,
      LongUnaryOperator fold,
      int limit) {
    Inventory here = Sets.inventory(a, fold);
    Inventory there = Sets.inventory(b, fold);
    assertThat(new Exchange(here, limit).with(there).differences())
        .isEqualTo(Sets.differences(a, b));
    assertThat(new Exchange(there, limit).with(here).differences())
        .isEqualTo(Sets.differences(b, a));
  }

  private static void churn(
      RandomGenerator random,
      Inventory inventory,
      Map<FragmentKey, ContentDigest> first,
      Set<FragmentKey> touched) {
    Map<FragmentKey, ContentDigest> fresh = Sets.keys(random, 20);
    fresh.forEach(inventory::add);
    touched.addAll(fresh.keySet());
    new HashMap<>(first)
        .entrySet().stream()
            .skip(random.nextInt(first.size() + 1))
            .limit(20)
            .forEach(e -> {
              inventory.remove(e.getKey(), e.getValue());
              touched.add(e.getKey());
            });
  }
}
