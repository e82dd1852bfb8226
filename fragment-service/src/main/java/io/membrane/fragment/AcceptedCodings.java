package io.membrane.fragment;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.springframework.http.HttpHeaders;

/**
 * What {@code Accept-Encoding} (RFC 9110, section 12.5.3) says of the two forms that there are.
 * What cannot be read of it is passed over.
 *
 * @param takesZstd whether zstd may be sent
 * @param takesPlain whether the bytes may be sent as they are
 * @param prefersZstd whether it shall be sent where it is stored: it was named, and not as less
 *     welcome than {@code identity}; or nothing else is taken
 */
record AcceptedCodings(boolean takesZstd, boolean takesPlain, boolean prefersZstd) {

  static final String ZSTD = "zstd";
  private static final String IDENTITY = "identity";
  private static final String ANY = "*";
  private static final int UNNAMED = -1;

  static AcceptedCodings of(HttpServletRequest request) {
    return parse(Collections.list(request.getHeaders(HttpHeaders.ACCEPT_ENCODING)));
  }

  static AcceptedCodings parse(List<String> headers) {
    int zstd = UNNAMED;
    int identity = UNNAMED;
    int any = UNNAMED;
    for (String member : String.join(",", headers).toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] parts = member.split(";", -1);
      int weight = weight(parts);
      if (weight != UNNAMED) {
        switch (parts[0].strip()) {
          case ZSTD -> zstd = weight;
          case IDENTITY -> identity = weight;
          case ANY -> any = weight;
          default -> {}
        }
      }
    }
    boolean takesZstd = zstd == UNNAMED ? any > 0 : zstd > 0;
    boolean takesPlain = identity == UNNAMED ? any != 0 : identity > 0;
    return new AcceptedCodings(
        takesZstd, takesPlain, takesZstd && (!takesPlain || (zstd > 0 && zstd >= identity)));
  }

  /** Thousandths; {@link #UNNAMED} if there is anything but a weight, or no weight of a member. */
  private static int weight(String... parts) {
    if (parts.length == 1) {
      return 1000;
    }
    String weight = parts[1].strip();
    if (parts.length > 2 || !weight.matches("q=(0(\\.\\d{0,3})?|1(\\.0{0,3})?)")) {
      return UNNAMED;
    }
    return (int) Math.round(1000 * Double.parseDouble(weight.substring(2)));
  }
}
