package io.membrane.fragment.hot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.tomcat.util.http.MimeHeaders;
import org.junit.jupiter.api.Test;

class HeaderTest {

  private static final String DIGEST = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:";

  /** Tomcat keeps the arrays of one answer's headers, to write the next answer's numbers into. */
  @Test
  void theNumbersOfLaterAnswersLeaveAHeaderAsItIs() {
    Header digest = Header.of("Repr-Digest", DIGEST);
    MimeHeaders ofOneConnection = new MimeHeaders();
    digest.addTo(ofOneConnection);
    ofOneConnection.recycle();
    ofOneConnection.setValue("Content-Length").setLong(55);
    ofOneConnection.recycle();

    digest.addTo(ofOneConnection);

    assertThat(ofOneConnection.getHeader("Repr-Digest")).isEqualTo(DIGEST);
  }

  @Test
  void aHeaderThatIsLongerOrShorterThanTheOneBeforeIsWhole() {
    MimeHeaders ofOneConnection = new MimeHeaders();
    for (String value : List.of("a", DIGEST, "", "b".repeat(300), "c")) {
      ofOneConnection.recycle();

      Header.of("Membrane-Parent", value).addTo(ofOneConnection);

      assertThat(ofOneConnection.getHeader("membrane-parent")).isEqualTo(value);
    }
  }

  @Test
  void whatIsNotPrintableIsRefused() {
    assertThatThrownBy(() -> Header.of("Membrane-Parent", "a\r\nSet-Cookie: b"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
