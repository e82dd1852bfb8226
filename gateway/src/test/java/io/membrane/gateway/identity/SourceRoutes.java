package io.membrane.gateway.identity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The routes of all services, read from the sources of their endpoints. */
final class SourceRoutes {

  private static final Pattern CLASS = Pattern.compile("(\\w+)\\.java$");
  private static final Pattern CONSTANT =
      Pattern.compile(
          "String (\\w+) =\\s*((?:\"[^\"]*\"|\\w+)(?:\\s*\\+\\s*(?:\"[^\"]*\"|\\w+))*);");
  private static final Pattern MAPPING =
      Pattern.compile("@(Get|Put|Post|Delete|Patch|Request)Mapping\\(([^)]*)\\)");
  private static final Pattern PATH =
      Pattern.compile(
          "^\\s*(?:path\\s*=\\s*)?((?:\"[^\"]*\"|[\\w.]+)(?:\\s*\\+\\s*(?:\"[^\"]*\"|[\\w.]+))*)");
  private static final Pattern METHOD = Pattern.compile("RequestMethod\\.(\\w+)");

  private SourceRoutes() {}

  /** A route as its endpoint declares it. */
  record Route(String method, String path) {

    /** With something in place of each variable. */
    String example() {
      return path.replaceAll("\\{[^}]*}", "x");
    }
  }

  static List<Route> all() {
    List<Path> sources = new ArrayList<>();
    for (String module :
        List.of(
            "membrane-api",
            "directory-service",
            "fragment-service",
            "reconstruction-service",
            "scheduler-service",
            "compute-worker")) {
      sources.addAll(javaBelow(Path.of("..", module, "src", "main", "java")));
    }
    Map<String, String> constants = new HashMap<>();
    sources.forEach(source -> readConstants(source, constants));
    return sources.stream().flatMap(source -> routes(source, constants).stream()).toList();
  }

  private static void readConstants(Path source, Map<String, String> constants) {
    Matcher found = CONSTANT.matcher(text(source));
    while (found.find()) {
      constants.put(name(source) + "." + found.group(1), found.group(2));
    }
  }

  private static List<Route> routes(Path source, Map<String, String> constants) {
    List<Route> routes = new ArrayList<>();
    Matcher mapping = MAPPING.matcher(text(source));
    while (mapping.find()) {
      Matcher path = PATH.matcher(mapping.group(2));
      if (mapping.group(2).contains("${") || !path.find()) {
        continue;
      }
      String route = value(path.group(1), name(source), constants);
      if (!mapping.group(1).equals("Request")) {
        routes.add(new Route(mapping.group(1).toUpperCase(Locale.ROOT), route));
        continue;
      }
      Matcher method = METHOD.matcher(mapping.group(2));
      while (method.find()) {
        routes.add(new Route(method.group(1), route));
      }
    }
    return routes;
  }

  /** Of literals and constants that are added up. */
  private static String value(String expression, String in, Map<String, String> constants) {
    StringBuilder value = new StringBuilder();
    for (String part : expression.split("\\+", -1)) {
      String term = part.strip();
      if (term.startsWith("\"")) {
        value.append(term, 1, term.length() - 1);
        continue;
      }
      String full = term.contains(".") ? term : in + "." + term;
      String known = constants.get(full);
      if (known == null) {
        throw new IllegalStateException("no constant " + full);
      }
      value.append(value(known, full.substring(0, full.indexOf('.')), constants));
    }
    return value.toString();
  }

  private static List<Path> javaBelow(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(Path source) {
    Matcher name = CLASS.matcher(source.toString());
    return name.find() ? name.group(1) : "";
  }

  private static String text(Path source) {
    try {
      return Files.readString(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
