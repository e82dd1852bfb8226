package io.membrane.boot;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Names that certificates may have; {@code *} stands for one label of a name, or one segment. */
final class NamePatterns {

  private static final int DNS = 2;
  private static final int URI = 6;

  private final List<Pattern> patterns;

  NamePatterns(List<String> names) {
    this.patterns = names.stream().map(NamePatterns::pattern).toList();
  }

  boolean isEmpty() {
    return patterns.isEmpty();
  }

  boolean matchAny(List<String> names) {
    return names.stream()
        .anyMatch(name -> patterns.stream().anyMatch(p -> p.matcher(name).matches()));
  }

  /** DNS names, in lower case, and URIs that a certificate is for. */
  static List<String> of(X509Certificate certificate) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> all = certificate.getSubjectAlternativeNames();
      if (all != null) {
        for (List<?> each : all) {
          if (each.get(0).equals(DNS)) {
            names.add(String.valueOf(each.get(1)).toLowerCase(Locale.ROOT));
          } else if (each.get(0).equals(URI)) {
            names.add(String.valueOf(each.get(1)));
          }
        }
      }
    } catch (CertificateParsingException e) {
      return List.of();
    }
    return names;
  }

  private static Pattern pattern(String name) {
    boolean isUri = name.contains("://");
    String text = isUri ? name : name.toLowerCase(Locale.ROOT);
    return Pattern.compile(
        Arrays.stream(text.split("\\*", -1))
            .map(Pattern::quote)
            .collect(Collectors.joining(isUri ? "[^/]+" : "[^.]+")));
  }
}
