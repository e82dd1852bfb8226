package io.membrane.benchmarks.directory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Processor seconds that a process' threads have used so far, by what they are for, from {@code
 * /proc} of Linux in steps of 10 ms. Threads that have ended are missing.
 */
final class ThreadTime {

  /** The kernel's USER_HZ, the same on every architecture. */
  private static final double TICKS_PER_SECOND = 100;

  /** User and system time in a stat, counted from behind the command's name. */
  private static final int USER = 11;

  private static final int SYSTEM = 12;

  /** How the threads' names begin. */
  private static final Map<String, List<String>> KINDS =
      Map.of(
          "tail", List.of("log-tail"),
          "Redis client", List.of("lettuce"),
          "JIT", List.of("C1 ", "C2 "),
          "GC", List.of("GC ", "G1 ", "VM "));

  private static final String REQUESTS = "requests";

  private ThreadTime() {}

  /** Seconds by kind; whatever has no kind of its own serves requests. */
  static Map<String, Double> of(long pid) {
    try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
      return threads
          .map(ThreadTime::stat)
          .filter(stat -> !stat.isEmpty())
          .collect(
              Collectors.groupingBy(
                  ThreadTime::kind, TreeMap::new, Collectors.summingDouble(ThreadTime::seconds)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String stat(Path thread) {
    try {
      return Files.readString(thread.resolve("stat"));
    } catch (NoSuchFileException e) {
      return "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String kind(String stat) {
    String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    return KINDS.entrySet().stream()
        .filter(kind -> kind.getValue().stream().anyMatch(name::startsWith))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(REQUESTS);
  }

  private static double seconds(String stat) {
    String[] columns = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(columns[USER]) + Long.parseLong(columns[SYSTEM])) / TICKS_PER_SECOND;
  }
}
