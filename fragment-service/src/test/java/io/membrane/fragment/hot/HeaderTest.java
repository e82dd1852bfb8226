package io.membrane.fragment.hot;

import static org.assertj.core.api.Assertions.assertThat;

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
}
