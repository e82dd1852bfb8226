package io.membrane.fragment.eviction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.fixture.Seeds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class EvictionPolicyOracleTest {

  private static final int KEYS = 40;
  private static final int OPERATIONS = 2_500;

  @Test
  void answersLikeANaivePolicyWithExactCounts() {
    Seeds.forAll(60, EvictionPolicyOracleTest::sameAnswers);
  }

  @Test
  void equalCallsHaveEqualAnswers() {
    Seeds.forAll(10, random -> assertThat(history(random.nextLong())).hasSizeGreaterThan(100));
  }

  private static void sameAnswers(RandomGenerator random) {
    long capacity = random.nextInt(8, 400);
    int seed = random.nextInt();
    EvictionPolicy<Integer> policy = new EvictionPolicy<>(capacity, 8, seed);
    Worth<Integer> sampling = new Worth<>(capacity, 1, seed);
    NaivePolicy naive = new NaivePolicy(capacity, 8, sampling::sampled);
    int classes = random.nextInt(1, 4);
    Set<Integer> leased = new HashSet<>();
    for (int i = 0; i < OPERATIONS; i++) {
      int key = Math.min(random.nextInt(KEYS), random.nextInt(KEYS));
      switch (random.nextInt(20)) {
        case 0 -> {
          policy.remove(key);
          naive.remove(key);
        }
        case 1 -> {
          assertThat(policy.pin(key)).isEqualTo(naive.held().contains(key));
          naive.pin(key);
        }
        case 2, 3 -> {
          policy.unpin(key);
          naive.unpin(key);
        }
        case 4 -> leased.add(key);
        case 5, 6 -> leased.remove(key);
        case 7 -> {
          long bytes = random.nextLong(capacity / 2);
          List<Integer> victims = policy.reclaim(bytes, leased::contains);
          assertThat(victims).noneMatch(naive.pinned()::contains);
          assertThat(victims).isEqualTo(naive.reclaim(bytes, leased::contains));
        }
        case 8, 9, 10 -> {
          policy.hit(key);
          naive.hit(key);
        }
        default -> {
          Candidate<Integer> candidate = candidate(key, classes, random);
          Admission<Integer> admission = policy.offer(candidate, leased::contains);
          assertThat(admission.victims()).noneMatch(naive.pinned()::contains);
          assertThat(admission).isEqualTo(naive.offer(candidate, leased::contains));
        }
      }
      assertThat(policy.usedBytes()).isEqualTo(naive.used()).isBetween(0L, capacity);
      assertThat(policy.size()).isEqualTo(naive.held().size());
    }
    assertThat(naive.held()).allMatch(policy::contains);
  }

  private static List<Admission<Integer>> history(long seed) {
    List<Admission<Integer>> first = replay(new java.util.Random(seed));
    assertThat(replay(new java.util.Random(seed))).isEqualTo(first);
    return first;
  }

  private static List<Admission<Integer>> replay(RandomGenerator random) {
    EvictionPolicy<Integer> policy = new EvictionPolicy<>(200, 8, 7);
    List<Admission<Integer>> answers = new ArrayList<>();
    for (int i = 0; i < OPERATIONS; i++) {
      answers.add(policy.offer(candidate(random.nextInt(200), 2, random), k -> k % 7 == 0));
    }
    return answers;
  }

  private static Candidate<Integer> candidate(int key, int classes, RandomGenerator random) {
    Integer parent = random.nextBoolean() ? null : (key + 1) / 2;
    return new Candidate<>(
        key, random.nextInt(1, 30), random.nextInt(5), random.nextInt(classes), parent);
  }
}
