package io.membrane.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Values that a test hides in requests and settings, and looks for where none may be. */
final class Planted {

  static final String TEXT = "planted prompt/9d41c7";
  static final String WORD = "plantedword9d41c7";
  static final String API_KEY = "planted-key-9d41c7";
  static final String REDIS_PASSWORD = "planted-redis-9d41c7";
  static final String COLLECTOR_KEY = "planted-collector-9d41c7";
  static final String SALT = "planted-salt-9d41c7";

  /** In every block of a prompt that {@link #tokens} makes. */
  private static final long[] TOKENS = {911, 523, 877, 641, 799};

  private Planted() {}

  /** A prompt of tokens with the planted ones again and again. */
  static List<Long> tokens(int count) {
    return LongStream.range(0, count)
        .map(i -> i % 7 < TOKENS.length ? TOKENS[(int) (i % 7)] : i % 500)
        .boxed()
        .toList();
  }

  /** Fails if {@code text} has a planted value in any form. */
  static void assertAbsent(String where, String text) {
    forms()
        .forEach((form, what) -> {
          int at = text.indexOf(form);
          assertThat(at)
              .as(() ->
                  "%s has %s: …%s…"
                      .formatted(
                          where,
                          what,
                          text.substring(Math.max(0, at - 300), Math.min(text.length(), at + 200))))
              .isNegative();
        });
  }

  private static Map<String, String> forms() {
    Stream<Map.Entry<String, String>> words =
        Stream.of(TEXT, WORD, API_KEY, REDIS_PASSWORD, COLLECTOR_KEY, SALT).flatMap(Planted::forms);
    Stream<Map.Entry<String, String>> tokens =
        Stream.of(",", ", ")
            .map(between ->
                Map.entry(
                    LongStream.of(TOKENS)
                        .mapToObj(Long::toString)
                        .collect(Collectors.joining(between)),
                    "planted tokens"));
    return Stream.concat(words, tokens)
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (one, _) -> one));
  }

  /** As it is, percent-encoded, and in Base64 at each of three offsets. */
  private static Stream<Map.Entry<String, String>> forms(String word) {
    String encoded = URLEncoder.encode(word, UTF_8);
    Stream<String> base64 =
        Stream.of("", "-", "--")
            .map(before -> Base64.getEncoder().encodeToString((before + word).getBytes(UTF_8)))
            .map(text -> text.substring(4, text.length() - 4));
    return Stream.concat(Stream.of(word, encoded, encoded.replace("+", "%20")), base64)
        .map(form -> Map.entry(form, "\"" + word + "\" as " + form));
  }
}
