package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What scripts take and answer: texts, numbers and arrays. */
final class ScriptValues {

  private ScriptValues() {}

  /** An argument. */
  static byte[] text(Object value) {
    return value.toString().getBytes(UTF_8);
  }

  /** A text of an answer. */
  static String string(List<@Nullable Object> answer, int index) {
    return new String((byte[]) Objects.requireNonNull(answer.get(index)), UTF_8);
  }

  /** The texts from an index on. */
  static List<String> strings(List<@Nullable Object> answer, int from) {
    List<String> strings = new ArrayList<>();
    for (int i = from; i < answer.size(); i++) {
      strings.add(string(answer, i));
    }
    return strings;
  }

  /** As {@link #strings}, without those that are empty. */
  static List<String> stringsGiven(List<@Nullable Object> answer, int from) {
    return strings(answer, from).stream().filter(text -> !text.isEmpty()).toList();
  }

  /** A number, which scripts answer as such or as its digits. */
  static long number(List<@Nullable Object> answer, int index) {
    return answer.get(index) instanceof Long number
        ? number
        : Long.parseLong(string(answer, index));
  }

  /** An array within an answer. */
  @SuppressWarnings("unchecked") // an array in a script's answer
  static List<@Nullable Object> list(List<@Nullable Object> answer, int index) {
    return (List<@Nullable Object>) Objects.requireNonNull(answer.get(index));
  }
}
