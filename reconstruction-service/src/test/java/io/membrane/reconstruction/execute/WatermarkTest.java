package io.membrane.reconstruction.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class WatermarkTest {

  private final Watermark mark = new Watermark();

  @Test
  void itRisesByTimeThenSequenceAndNeverFalls() {
    assertThat(mark.position()).isNull();
    mark.seen("1700-9");
    mark.seen("1700-10");
    mark.seen("999-99");
    mark.seen(null);
    assertThat(mark.position()).isEqualTo("1700-10");
    mark.seen("1701-0");
    assertThat(mark.position()).isEqualTo("1701-0");
  }

  @Test
  void whatIsNoPositionIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> mark.seen("yesterday"));
  }
}
