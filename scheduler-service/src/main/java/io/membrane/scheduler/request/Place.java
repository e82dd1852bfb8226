package io.membrane.scheduler.request;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.SchedulerClient;
import java.util.Collection;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A place in a request, for saying where something is wrong. */
record Place(String path) {

  static final Place ROOT = new Place("");

  /** Control and format characters, and line breaks. */
  static final String UNPRINTABLE = "[\\p{C}\\p{Zl}\\p{Zp}]";

  private static final Pattern NAME = Pattern.compile(SchedulerClient.NAME);

  Place field(String name) {
    return new Place(path.isEmpty() ? name : path + "." + name);
  }

  Place key(String name) {
    return new Place(path + "['" + name + "']");
  }

  Place index(int i) {
    return new Place(path + "[" + i + "]");
  }

  MembraneException impossible(String what) {
    return new MembraneException(
        ErrorCode.IMPOSSIBLE_REQUEST, path.isEmpty() ? what : path + ": " + what);
  }

  /** What is given. */
  <T> T required(@Nullable T value, String advice) {
    if (value == null) {
      throw impossible("missing; " + advice);
    }
    return value;
  }

  /** A name that can be read in a message: not blank, printable. */
  String name(@Nullable String given, String advice) {
    String name = required(given, advice);
    if (!NAME.matcher(name).matches()) {
      throw impossible("a name has 1 to 256 printable characters, not all of them blank");
    }
    return name;
  }

  /** A finite number within bounds. */
  double number(@Nullable Double value, double min, double max, String advice) {
    double number = required(value, advice);
    if (!(number >= min) || !(number <= max)) {
      throw impossible(
          "%s is not a number from %s to %s; %s"
              .formatted(plain(number), plain(min), plain(max), advice));
    }
    return number;
  }

  /** A whole number within bounds. */
  int whole(@Nullable Double value, int min, int max, String advice) {
    double number = number(value, min, max, advice);
    if (number != Math.rint(number)) {
      throw impossible("%s is not a whole number; %s".formatted(plain(number), advice));
    }
    return (int) number;
  }

  /** At least one element, and not more than a limit. */
  <T extends Collection<?>> T bounded(@Nullable T values, int max, String advice) {
    T given = required(values, advice);
    if (given.isEmpty()) {
      throw impossible("empty; " + advice);
    }
    if (given.size() > max) {
      throw impossible("%d entries, at most %d are taken".formatted(given.size(), max));
    }
    return given;
  }

  /** What a constructor of the model makes of valid parts; its refusal gets this place. */
  <T> T build(Supplier<T> parts) {
    try {
      return parts.get();
    } catch (IllegalArgumentException e) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          path.isEmpty() ? String.valueOf(e.getMessage()) : path + ": " + e.getMessage(),
          e);
    }
  }

  private static String plain(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number)
        : Double.toString(number);
  }
}
