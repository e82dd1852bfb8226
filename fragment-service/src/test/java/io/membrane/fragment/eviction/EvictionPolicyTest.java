package io.membrane.fragment.eviction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EvictionPolicyTest {

  private final EvictionPolicy<String> policy = new EvictionPolicy<>(100, 1, 1);

  @Test
  void aBurstOfOneTimeKeysDoesNotDriveOutWhatIsUsedOften() {
    for (int i = 0; i < 20; i++) {
      offer("often-" + i, 1, 1);
      policy.hit("often-" + i);
      policy.hit("often-" + i);
      policy.hit("often-" + i);
    }
    IntStream.range(0, 150).forEach(i -> offer("once-" + i, 1, 1));
    assertThat(IntStream.range(0, 20)).allMatch(i -> policy.contains("often-" + i));
  }

  @Test
  void whatIsUsedNoMoreGoesInTheEnd() {
    offer("once loved", 1, 1);
    IntStream.range(0, 20).forEach(i -> policy.hit("once loved"));
    for (int i = 0; i < 2_000; i++) {
      offer("later-" + i, 1, 1);
      policy.hit("later-" + i);
    }
    assertThat(policy.contains("once loved")).isFalse();
  }

  @Test
  void aFragmentThatWentIsRememberedForHowOftenItWasUsed() {
    offer("back", 1, 1);
    IntStream.range(0, 5).forEach(i -> policy.hit("back"));
    policy.remove("back");
    IntStream.range(0, 90).forEach(i -> offer("other-" + i, 1, 1));
    offer("back", 1, 1);
    IntStream.range(0, 250).forEach(i -> offer("burst-" + i, 1, 1));
    assertThat(policy.contains("back")).isTrue();
  }

  @Test
  void ofTwoEquallyUsedTheOneThatCostsLessPerByteGoesFirst() {
    offer("large", 60, 6);
    offer("small", 30, 6);
    policy.hit("small");
    policy.hit("large");
    assertThat(offer("new", 20, 20).victims()).containsExactly("large");
  }

  @Test
  void ofNearlyEqualCostPerByteTheOneUsedEarlierGoesFirst() {
    offer("earlier", 50, 1.01);
    offer("later", 50, 1.0);
    assertThat(offer("new", 50, 1.0).victims()).containsExactly("earlier");
  }

  @Test
  void whatRanksBelowAllThatWouldHaveToGoIsDeclined() {
    offer("dear", 60, 60);
    offer("cheap", 40, 4);
    assertThat(offer("bulky", 90, 45)).isEqualTo(Admission.declined());
    assertThat(policy.contains("dear")).isTrue();
    assertThat(policy.contains("cheap")).isTrue();
  }

  @Test
  void headsOutliveTailsWhenAPromptIsPutFromItsHead() {
    putPrompt("a", 50);
    putPrompt("b", 50);
    putPrompt("c", 30);
    assertPrefix("a", 20);
    assertPrefix("b", 50);
    assertPrefix("c", 30);
  }

  @Test
  void headsOutliveTailsWhenAPromptIsUsedAgain() {
    putPrompt("a", 50);
    putPrompt("b", 50);
    policy.hitAll(IntStream.range(0, 50).mapToObj(i -> "a-" + i).toList());
    putPrompt("c", 70);
    assertPrefix("a", 30);
    assertPrefix("b", 0);
    assertPrefix("c", 70);
  }

  @Test
  void ofAPromptThatIsTooLongTheHeadIsKept() {
    putPrompt("a", 50);
    putPrompt("b", 300);
    assertPrefix("a", 0);
    assertPrefix("b", 100);
  }

  @Test
  void aTailThatIsDearerToComputeDoesNotOutliveItsHead() {
    offer(new Candidate<>("head", 10, 1, 0, null));
    offer(new Candidate<>("tail", 10, 100, 0, "head"));
    offer("other", 80, 80);
    assertThat(offer("new", 10, 10).victims()).containsExactly("tail");
  }

  @Test
  void aLowerClassGoesFirstHoweverOftenItIsUsed() {
    offer(new Candidate<>("low", 50, 1_000, 1, null));
    IntStream.range(0, 10).forEach(i -> policy.hit("low"));
    offer(new Candidate<>("high", 50, 1, 2, null));
    assertThat(offer(new Candidate<>("new", 50, 1, 2, null)).victims()).containsExactly("low");
  }

  @Test
  void aHigherClassIsNeverDrivenOutByALower() {
    offer(new Candidate<>("high", 100, 0, 2, null));
    assertThat(offer(new Candidate<>("low", 1, 1e9, 1, null)).admitted()).isFalse();
  }

  @Test
  void whatIsPinnedStaysUntilItIsUnpinned() {
    offer("pinned", 100, 1);
    assertThat(policy.pin("pinned")).isTrue();
    assertThat(policy.pin("unknown")).isFalse();
    assertThat(offer("new", 100, 1_000).admitted()).isFalse();
    assertThat(policy.reclaim(100, EvictionPolicyTest::idle)).isEmpty();
    policy.unpin("pinned");
    assertThat(offer("new", 100, 1_000).victims()).containsExactly("pinned");
  }

  @Test
  void whatIsBusyIsPassedOver() {
    offer("first", 50, 1);
    offer("second", 50, 1);
    assertThat(policy.offer(candidate("new", 50, 1), "first"::equals).victims())
        .containsExactly("second");
    assertThat(policy.contains("first")).isTrue();
  }

  @Test
  void nothingChangesWhenAllAreBusy() {
    IntStream.range(0, 100).forEach(i -> offer("leased-" + i, 1, 1));
    assertThat(policy.offer(candidate("new", 1, 1), key -> true).admitted()).isFalse();
    assertThat(policy.size()).isEqualTo(100);
    assertThat(policy.reclaim(1, EvictionPolicyTest::idle)).containsExactly("leased-0");
  }

  @Test
  void reclaimsFromTheLowestRankUntilEnoughIsFree() {
    offer("first", 40, 40);
    offer("second", 40, 40);
    assertThat(policy.reclaim(20, EvictionPolicyTest::idle)).isEmpty();
    assertThat(policy.reclaim(30, EvictionPolicyTest::idle)).containsExactly("first");
    assertThat(policy.reclaim(100, EvictionPolicyTest::idle)).containsExactly("second");
    assertThat(policy.usedBytes()).isZero();
  }

  @Test
  void whatIsLargerThanTheCapacityDrivesNothingOut() {
    offer("small", 1, 1);
    assertThat(offer("huge", 101, 1e9).admitted()).isFalse();
    assertThat(policy.contains("small")).isTrue();
  }

  @Test
  void remembersNoMoreThanAQuarterOfTheCapacityBesidesWhatItHolds() {
    for (int i = 0; i < 50_000; i++) {
      offer("key-" + i, 1, 1);
      assertThat(policy.remembered()).isLessThanOrEqualTo(25);
    }
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> new EvictionPolicy<String>(0, 1, 1))
        .hasMessageContaining("at least 1 byte");
    assertThatThrownBy(() -> candidate("k", 0, 1)).hasMessageContaining("at least 1 byte");
    assertThatThrownBy(() -> candidate("k", 1, Double.NaN)).hasMessageContaining("finite");
    assertThatThrownBy(() -> new Candidate<>("k", 1, 1, 8, null)).hasMessageContaining("[0, 8)");
    assertThatThrownBy(() -> policy.reclaim(101, EvictionPolicyTest::idle))
        .hasMessageContaining("101");
    assertThatThrownBy(() -> new Admission<>(false, List.of("k"))).hasMessageContaining("declined");
  }

  private void putPrompt(String name, int blocks) {
    for (int i = 0; i < blocks; i++) {
      offer(new Candidate<>(name + "-" + i, 1, 1, 0, i == 0 ? null : name + "-" + (i - 1)));
    }
  }

  private void assertPrefix(String name, int blocks) {
    assertThat(IntStream.range(0, 300).filter(i -> policy.contains(name + "-" + i)))
        .containsExactlyElementsOf(IntStream.range(0, blocks).boxed().toList());
  }

  private Admission<String> offer(String key, long bytes, double cost) {
    return offer(candidate(key, bytes, cost));
  }

  private Admission<String> offer(Candidate<String> candidate) {
    return policy.offer(candidate, EvictionPolicyTest::idle);
  }

  private static Candidate<String> candidate(String key, long bytes, double cost) {
    return new Candidate<>(key, bytes, cost, 0, null);
  }

  private static boolean idle(String key) {
    return false;
  }
}
