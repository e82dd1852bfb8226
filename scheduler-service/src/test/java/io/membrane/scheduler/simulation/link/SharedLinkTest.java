package io.membrane.scheduler.simulation.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedLinkTest {

  private static final int TRANSFERS = 40;

  @Test
  void aLoneTransferHasTheWholeLink() {
    SharedLink link = new SharedLink(10);
    link.start(2, 7, 5);
    assertThat(link.nextEnd()).isEqualTo(2.5);
    assertThat(link.end(2.5)).isEqualTo(7);
    assertThat(link.nextEnd()).isInfinite();
  }

  @Test
  void twoTransfersShareItAndTheSecondSpeedsUpWhenTheFirstIsDone() {
    SharedLink link = new SharedLink(10);
    link.start(0, 1, 10);
    link.start(0, 2, 20);
    assertThat(link.nextEnd()).isEqualTo(2);
    assertThat(link.end(2)).isEqualTo(1);
    assertThat(link.nextEnd()).isEqualTo(3);
    assertThat(link.end(3)).isEqualTo(2);
  }

  @Test
  void inAnOutageNothingEndsAndAfterItTheRestIsMoved() {
    SharedLink link = new SharedLink(10);
    link.start(0, 1, 10);
    link.change(0.5, 0, 0);
    assertThat(link.nextEnd()).isInfinite();
    link.change(100, 1, 0);
    assertThat(link.nextEnd()).isCloseTo(100.5, within(1e-12));
    link.end(100.5);
    assertThat(link.sentGigabits()).isCloseTo(10, within(1e-9));
    assertThat(link.offeredGigabits()).isCloseTo(10, within(1e-9));
  }

  @Test
  void whatIsLostIsSentAgain() {
    SharedLink link = new SharedLink(10);
    link.change(0, 1, 0.2);
    link.start(0, 1, 8);
    assertThat(link.nextEnd()).isCloseTo(1, within(1e-12));
    link.end(link.nextEnd());
    assertThat(link.sentGigabits()).isCloseTo(10, within(1e-9));
    assertThat(link.lostGigabits()).isCloseTo(2, within(1e-9));
  }

  /** Against a fluid that is moved step by step and knows of no virtual time. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void itEndsWhenAFluidMovedInSmallStepsEnds(long seed) {
    Random random = new Random(seed);
    double[] start = new double[TRANSFERS];
    double[] gigabits = new double[TRANSFERS];
    for (int i = 0; i < TRANSFERS; i++) {
      start[i] = (i == 0 ? 0 : start[i - 1]) + random.nextInt(200) / 100.0;
      gigabits[i] = 0.5 + random.nextInt(600) / 20.0;
    }
    double[] factor = random.doubles(500, 0.1, 2).toArray();
    factor[3] = 0;
    double[] loss = random.doubles(500, 0, 0.3).toArray();
    double[] expected = fluid(start, gigabits, factor, loss);
    double[] ended = new double[TRANSFERS];
    SharedLink link = new SharedLink(10);
    link.change(0, factor[0], loss[0]);
    int period = 1;
    int next = 0;
    int done = 0;
    while (done < TRANSFERS) {
      double at = Math.min(next < TRANSFERS ? start[next] : 1e9, Math.min(period, link.nextEnd()));
      if (link.nextEnd() == at) {
        ended[link.end(at)] = at;
        done++;
      } else if (next < TRANSFERS && start[next] == at) {
        link.start(at, next, gigabits[next]);
        next++;
      } else {
        link.change(at, factor[period], loss[period]);
        period++;
      }
    }
    assertThat(link.transfers()).isZero();
    for (int i = 0; i < TRANSFERS; i++) {
      assertThat(ended[i]).as("seed %d, transfer %d", seed, i).isCloseTo(expected[i], within(0.02));
    }
    assertThat(link.sentGigabits() - link.lostGigabits())
        .isCloseTo(Arrays.stream(gigabits).sum(), within(1e-6));
  }

  private static double[] fluid(double[] start, double[] gigabits, double[] factor, double[] loss) {
    double step = 1e-3;
    double[] left = gigabits.clone();
    double[] ended = new double[TRANSFERS];
    int done = 0;
    for (long i = 0; done < TRANSFERS; i++) {
      double at = i * step;
      int n = 0;
      for (int t = 0; t < TRANSFERS; t++) {
        n += start[t] <= at && left[t] > 0 ? 1 : 0;
      }
      double each = 10 * factor[(int) at] * (1 - loss[(int) at]) * step / Math.max(1, n);
      for (int t = 0; t < TRANSFERS; t++) {
        if (start[t] <= at && left[t] > 0) {
          left[t] -= each;
          if (left[t] <= 0) {
            ended[t] = at + step;
            done++;
          }
        }
      }
    }
    return ended;
  }
}
