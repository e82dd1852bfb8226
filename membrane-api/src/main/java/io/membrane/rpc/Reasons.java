package io.membrane.rpc;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.exc.MismatchedInputException;

/** Says why a request cannot be read, in the words of whoever wrote it. */
public final class Reasons {

  private Reasons() {}

  /** Where in a JSON document, and what is wrong there or what to write instead. */
  public static String ofJson(JacksonException e) {
    return switch (e) {
      case MismatchedInputException m when isTrailing(m) ->
          "Trailing content: a body is one JSON document";
      case MismatchedInputException m when m.getTargetType() != null ->
          path(m) + "write " + form(m.getTargetType());
      case DatabindException d -> path(d) + of(d);
      case InputCoercionException n -> path(n) + n.getOriginalMessage();
      default -> "not JSON: " + e.getOriginalMessage().replaceAll(": enable `.*", "");
    };
  }

  /** The first line of the innermost reason, unless that names classes. */
  public static String of(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String said = root instanceof JacksonException j ? j.getOriginalMessage() : root.getMessage();
    String message = said == null ? "no reason given" : said.lines().findFirst().orElse("");
    return message.contains("io.membrane.") || message.contains("java.")
        ? "not of the form that the contract says (/v3/api-docs)"
        : message;
  }

  /** {@code parent.child[2]: }, or nothing at the top. */
  private static String path(JacksonException e) {
    String path =
        e.getPath().stream()
            .map(r -> r.getPropertyName() == null ? "[" + r.getIndex() + "]" : r.getPropertyName())
            .collect(Collectors.joining("."))
            .replace(".[", "[");
    return path.isEmpty() ? "" : path + ": ";
  }

  private static boolean isTrailing(MismatchedInputException e) {
    return String.valueOf(e.getOriginalMessage()).startsWith("Trailing token");
  }

  /** What stands for a type in JSON. */
  private static String form(Class<?> type) {
    if (type.isEnum()) {
      return "one of "
          + Arrays.stream(type.getEnumConstants())
              .map(value -> value.toString().toLowerCase(Locale.ROOT))
              .collect(Collectors.joining(", "));
    }
    if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
      return "a whole number";
    }
    if (type.isPrimitive() || Number.class.isAssignableFrom(type) || type == Boolean.class) {
      return type == boolean.class || type == Boolean.class ? "true or false" : "a number";
    }
    if (type == String.class) {
      return "a string";
    }
    if (type.isArray() || Collection.class.isAssignableFrom(type)) {
      return "an array";
    }
    return Map.class.isAssignableFrom(type) ? "an object" : formOfOurs(type);
  }

  /** A type that is made from one value is written as that value, any other as its fields. */
  private static String formOfOurs(Class<?> type) {
    Stream<String> values =
        Arrays.stream(type.getDeclaredMethods())
            .filter(m -> m.isAnnotationPresent(JsonCreator.class) && m.getParameterCount() == 1)
            .map(m -> form(m.getParameterTypes()[0]));
    Stream<String> fields =
        Arrays.stream(type.getDeclaredConstructors())
            .filter(c -> c.isAnnotationPresent(JsonCreator.class))
            .map(c -> "an object");
    String forms = Stream.concat(values, fields).collect(Collectors.joining(" or "));
    return forms.isEmpty() ? "an object" : forms;
  }
}
