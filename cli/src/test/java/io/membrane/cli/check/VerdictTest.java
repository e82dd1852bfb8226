package io.membrane.cli.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class VerdictTest {

  @Test
  void allIsWellIfEveryFullBlockIsReused() {
    Verdict verdict = Verdict.of(List.of(turn(0, 1000), turn(768, 232), turn(256, 744)));

    assertThat(verdict.isWell()).isTrue();
  }

  @Test
  void aSecondPromptThatReusesNothingIsAProblemThatSaysWhereToLook() {
    Verdict verdict = Verdict.of(List.of(turn(0, 1000), turn(0, 1000), turn(256, 744)));

    assertThat(verdict.isWell()).isFalse();
    assertThat(verdict.problems())
        .singleElement()
        .asString()
        .contains("reused 0 tokens instead of 768")
        .contains("fragment-service")
        .contains("directory-service");
  }

  @Test
  void reuseBeyondWhatIsSharedIsAProblemToo() {
    Verdict verdict = Verdict.of(List.of(turn(256, 744), turn(768, 232), turn(512, 488)));

    assertThat(verdict.problems()).hasSize(2);
  }

  @Test
  void numbersThatDoNotAddUpAreAProblem() {
    Verdict verdict = Verdict.of(List.of(turn(0, 900), turn(768, 232), turn(256, 744)));

    assertThat(verdict.problems()).singleElement().asString().contains("do not make 1000");
  }

  @Test
  void theBlockSizeIsTheAnswersOwn() {
    Turn first = new Turn("a", 1000, 0, 1000, 16, Duration.ZERO);
    Turn second = new Turn("b", 1000, 992, 8, 16, Duration.ZERO);
    Turn third = new Turn("c", 1000, 496, 504, 16, Duration.ZERO);

    assertThat(Verdict.of(List.of(first, second, third)).isWell()).isTrue();
  }

  @Test
  void theTableShowsWhatWasReusedAndComputed() {
    String table = Verdict.of(List.of(turn(0, 1000), turn(768, 232), turn(256, 744))).table();

    assertThat(table.lines())
        .containsExactly(
            "prompt                      tokens   reused   computed      time",
            "a prompt                     1,000        0      1,000     12 ms",
            "a prompt                     1,000      768        232     12 ms",
            "a prompt                     1,000      256        744     12 ms");
  }

  private static Turn turn(int reused, int computed) {
    return new Turn("a prompt", 1000, reused, computed, 256, Duration.ofMillis(12));
  }
}
