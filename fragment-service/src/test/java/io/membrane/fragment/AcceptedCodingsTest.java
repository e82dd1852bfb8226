package io.membrane.fragment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptedCodingsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # Accept-Encoding                 | zstd  | plain | zstd preferred
          ''                                | false | true  | false
          identity                          | false | true  | false
          zstd                              | true  | true  | true
          ZSTD                              | true  | true  | true
          gzip, deflate, br, zstd           | true  | true  | true
          'zstd;q=1.0'                      | true  | true  | true
          'zstd ; q=0.001'                  | true  | true  | true
          'zstd;q=0'                        | false | true  | false
          'zstd;q=0.000'                    | false | true  | false
          *                                 | true  | true  | false
          '*;q=0'                           | false | false | false
          'zstd, *;q=0'                     | true  | false | true
          'identity;q=0, zstd'              | true  | false | true
          'identity;q=0, *'                 | true  | false | true
          'identity;q=0'                    | false | false | false
          'gzip, identity;q=0'              | false | false | false
          'identity, zstd'                  | true  | true  | true
          'identity;q=1, zstd;q=0.9'        | true  | true  | false
          'identity;q=0.5, zstd;q=0.9'      | true  | true  | true
          'identity, *;q=0'                 | false | true  | false
          'zstd;q=2'                        | false | true  | false
          'zstd;level=3'                    | false | true  | false
          'zstd;q=1;x'                      | false | true  | false
          xzstd                             | false | true  | false
          ',, zstd,'                        | true  | true  | true
          """)
  void theHeaderIsReadAsRfc9110HasIt(
      String header, boolean takesZstd, boolean takesPlain, boolean prefersZstd) {
    assertThat(AcceptedCodings.parse(List.of(header)))
        .isEqualTo(new AcceptedCodings(takesZstd, takesPlain, prefersZstd));
  }

  @Test
  void severalHeadersAreOne() {
    assertThat(AcceptedCodings.parse(List.of("identity;q=0", "zstd")))
        .isEqualTo(new AcceptedCodings(true, false, true));
    assertThat(AcceptedCodings.parse(List.of())).isEqualTo(new AcceptedCodings(false, true, false));
  }
}
