package io.membrane.directory.indexer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RankTest {

  @ParameterizedTest
  @CsvSource({"w,w,0", "w:dp1,w,1", "w:dp99999,w,99999", "w:dp0,w:dp0,0", "h:80:dp2,h:80,2"})
  void aNodeIsARankOfAnInstanceAndBack(String node, String instance, int number) {
    assertThat(Rank.of(node)).isEqualTo(new Rank(instance, number));
    assertThat(Rank.named(instance, number).node()).isEqualTo(node);
  }

  @ParameterizedTest
  @ValueSource(strings = {"w:dp1:dp2", "w:dp100000", ":dp1", "w:dp", "dp1"})
  void everyNameOfANodeIsARankAndBack(String node) {
    assertThat(Rank.of(node).node()).isEqualTo(node);
  }

  @Test
  void aNameThatIsAnothersRankIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> Rank.named("w:dp1", 0));
    assertThatIllegalArgumentException().isThrownBy(() -> Rank.named("w", -1));
    assertThatIllegalArgumentException().isThrownBy(() -> Rank.named("w", Rank.MAX + 1));
  }

  @Test
  void anUnsignedNumberIsItselfAndAnyOtherNameADigest() {
    assertThat(Rank.id("0")).isEqualTo(BigInteger.ZERO);
    assertThat(Rank.id("18446744073709551615")).isEqualTo(new BigInteger("18446744073709551615"));
    assertThat(Rank.id("18446744073709551616").bitLength()).isLessThanOrEqualTo(64);
    assertThat(Rank.id("01")).isNotEqualTo(BigInteger.ONE);
    // printf w0 | sha256sum | cut -c1-16
    assertThat(Rank.id("w0")).isEqualTo(new BigInteger("762036e1ef0cea72", 16));
    assertThat(new Rank("w0", 3).isOf("w0")).isTrue();
    assertThat(new Rank("w0", 3).isOf(Rank.id("w0").toString())).isTrue();
    assertThat(new Rank("w0", 3).isOf("w")).isFalse();
  }
}
