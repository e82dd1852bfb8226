package io.membrane.cli.fleet;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The end of a log. */
public final class LogTail {

  private static final int WINDOW_BYTES = 256 * 1024;

  private LogTail() {}

  /** The last {@code lines} lines, or fewer; none if there is no such file. */
  public static List<String> of(Path log, int lines) throws IOException {
    if (!Files.exists(log)) {
      return List.of();
    }
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long from = Math.max(0, file.length() - WINDOW_BYTES);
      byte[] window = new byte[Math.toIntExact(file.length() - from)];
      file.seek(from);
      file.readFully(window);
      List<String> all = new String(window, StandardCharsets.UTF_8).lines().toList();
      return all.subList(Math.max(0, all.size() - lines), all.size());
    }
  }
}
