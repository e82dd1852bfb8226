package io.membrane.cli.machine;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Who listens on a port: read from {@code /proc} where there is one, asked of {@code lsof} where
 * there is that.
 */
public final class PortOwner {

  private static final Path PROC = Path.of("/proc");
  private static final List<String> TABLES = List.of("net/tcp", "net/tcp6");

  /** Columns of /proc/net/tcp, and the state that means listening. */
  private static final int LOCAL_ADDRESS = 1;

  private static final int STATE = 3;
  private static final int INODE = 9;
  private static final String LISTEN = "0A";

  private PortOwner() {}

  /** The process that listens on {@code port}; empty if it cannot be seen. */
  public static Optional<ProcessHandle> of(int port) {
    Optional<Long> pid = Files.isDirectory(PROC) ? fromProc(port) : fromLsof(port);
    return pid.flatMap(ProcessHandle::of);
  }

  /** The owner in words, e.g. {@code pid 17 (nginx -g daemon off)}. */
  public static String describe(int port) {
    return of(port)
        .map(owner -> "pid " + owner.pid() + " (" + command(owner) + ")")
        .orElse("a process of another user");
  }

  private static String command(ProcessHandle owner) {
    String line =
        owner.info().commandLine().or(() -> owner.info().command()).orElse("command not known");
    return line.length() <= 100 ? line : line.substring(0, 100) + "…";
  }

  private static Optional<Long> fromProc(int port) {
    Set<String> inodes = new HashSet<>();
    for (String table : TABLES) {
      inodes.addAll(listening(PROC.resolve(table), port));
    }
    return inodes.isEmpty()
        ? Optional.empty()
        : ProcessHandle.allProcesses()
            .map(ProcessHandle::pid)
            .filter(pid -> holdsAnyOf(pid, inodes))
            .findFirst();
  }

  private static List<String> listening(Path table, int port) {
    try (Stream<String> lines = Files.lines(table)) {
      return lines
          .skip(1)
          .map(line -> line.trim().split("\\s+"))
          .filter(columns -> columns.length > INODE && isListener(columns, port))
          .map(columns -> "socket:[" + columns[INODE] + "]")
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static boolean isListener(String[] columns, int port) {
    return columns[STATE].equals(LISTEN)
        && columns[LOCAL_ADDRESS].endsWith(String.format(Locale.ROOT, ":%04X", port));
  }

  private static boolean holdsAnyOf(long pid, Set<String> inodes) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(PROC.resolve(pid + "/fd"))) {
      for (Path file : files) {
        if (Files.isSymbolicLink(file)
            && inodes.contains(Files.readSymbolicLink(file).toString())) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }

  private static Optional<Long> fromLsof(int port) {
    return Output.of("lsof", "-nP", "-iTCP:" + port, "-sTCP:LISTEN", "-Fp")
        .flatMap(text -> text.lines().filter(line -> line.startsWith("p")).findFirst())
        .map(line -> Long.valueOf(line.substring(1)));
  }
}
