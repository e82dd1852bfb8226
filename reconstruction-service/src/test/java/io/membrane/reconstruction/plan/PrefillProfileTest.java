package io.membrane.reconstruction.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.wire.ComputeClient.ProfilePoint;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrefillProfileTest {

  private static final PrefillProfile TWO =
      new PrefillProfile(List.of(new ProfilePoint(100, 10, 1000), new ProfilePoint(200, 40, 2000)));

  @Test
  void whatLiesBetweenPointsIsInterpolated() {
    assertThat(TWO.recomputeMs(0, 50)).isEqualTo(5);
    assertThat(TWO.recomputeMs(0, 150)).isEqualTo(25);
    assertThat(TWO.recomputeMs(100, 200)).isEqualTo(30);
    assertThat(TWO.kvBytes(50, 150)).isEqualTo(1000);
  }

  @Test
  void behindTheLastPointItGoesOnAsBeforeIt() {
    assertThat(TWO.recomputeMs(200, 300)).isEqualTo(30);
  }

  @Test
  void aTimeThatIsShorterThanThatOfFewerTokensIsNoise() {
    PrefillProfile noisy =
        new PrefillProfile(List.of(new ProfilePoint(10, 5, 10), new ProfilePoint(20, 4, 20)));

    assertThat(noisy.recomputeMs(10, 20)).isZero();
    assertThat(noisy.recomputeMs(0, 20)).isEqualTo(5);
  }

  @Test
  void costsAreNeverNegativeAndAddUp() {
    Seeds.forAll(
        1000,
        random -> {
          List<ProfilePoint> points = new ArrayList<>();
          int tokens = 0;
          for (int i = random.nextInt(1, 6); i > 0; i--) {
            tokens += random.nextInt(1, 50);
            points.add(new ProfilePoint(tokens, random.nextDouble(1, 90), random.nextLong(1, 900)));
          }
          PrefillProfile profile = new PrefillProfile(points);
          int a = random.nextInt(200);
          int b = a + random.nextInt(200);
          int c = b + random.nextInt(200);

          assertThat(profile.recomputeMs(a, b)).isNotNegative();
          assertThat(profile.kvBytes(a, b)).isNotNegative();
          assertThat(profile.recomputeMs(a, b) + profile.recomputeMs(b, c))
              .isCloseTo(profile.recomputeMs(a, c), within(1e-6));
        });
  }

  @Test
  void pointsThatCannotBeAreRefused() {
    List<List<ProfilePoint>> broken =
        List.of(
            List.of(),
            List.of(new ProfilePoint(0, 1, 1)),
            List.of(new ProfilePoint(1, 0, 1)),
            List.of(new ProfilePoint(1, Double.NaN, 1)),
            List.of(new ProfilePoint(1, 1, 0)),
            List.of(new ProfilePoint(2, 1, 1), new ProfilePoint(2, 2, 2)));
    for (List<ProfilePoint> points : broken) {
      assertThatIllegalArgumentException().isThrownBy(() -> new PrefillProfile(points));
    }
  }
}
