package io.membrane.directory.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Comparator.comparing;

import io.membrane.directory.location.BlockEncoder;
import io.membrane.wire.LogPosition;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of one life of a log, {@value #KEPT} of them: {@code POSITION.snapshot} in a folder
 * that is named after the life. A file gets that name when all of it is on the disk; until then it
 * is {@code NUMBER.part}. Several directories may share a folder.
 */
final class SnapshotFolder {

  static final int KEPT = 2;
  private static final Pattern LIFE = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  static final String NAME_END = ".snapshot";
  static final String PART_END = ".part";

  /** A part that nobody has written to for so long was left behind. */
  private static final Duration LEFT_BEHIND = Duration.ofMinutes(10);

  /** The snapshots of a log that nobody has written any of for so long are dropped. */
  private static final Duration OVER = Duration.ofDays(7);

  private final Path parent;
  private final Path folder;

  /** A folder below {@code parent}; it need not be there. */
  SnapshotFolder(Path parent, String life) {
    this.parent = parent;
    this.folder = parent.resolve(UUID.nameUUIDFromBytes(life.getBytes(UTF_8)).toString());
  }

  /**
   * Writes a snapshot and drops those that are too many.
   *
   * @return its bytes
   */
  long write(Standing standing, BlockEncoder blocks) throws IOException {
    Files.createDirectories(folder);
    dropLeftBehind();
    Path part = Files.createTempFile(folder, "", PART_END);
    long bytes;
    try {
      bytes = SnapshotFile.write(part, standing, blocks);
      Files.move(
          part,
          folder.resolve(standing.position() + NAME_END),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    }
    List<Path> all = newestFirst();
    for (Path old : all.subList(Math.min(KEPT, all.size()), all.size())) {
      Files.deleteIfExists(old);
    }
    return bytes;
  }

  /** The snapshots, those that were written last before the others. */
  List<Path> newestFirst() throws IOException {
    record Dated(Path file, FileTime at, LogPosition position) {}
    List<Dated> all = new ArrayList<>();
    for (Path file : files(folder, NAME_END)) {
      String name = file.getFileName().toString();
      String position = name.substring(0, name.length() - NAME_END.length());
      if (LogPosition.isPosition(position)) {
        FileTime at = lastModified(file);
        if (at != null) {
          all.add(new Dated(file, at, LogPosition.parse(position)));
        }
      }
    }
    all.sort(Collections.reverseOrder(comparing(Dated::at).thenComparing(Dated::position)));
    return all.stream().map(Dated::file).toList();
  }

  private void dropLeftBehind() throws IOException {
    for (Path part : files(folder, PART_END)) {
      if (isOlder(part, LEFT_BEHIND)) {
        Files.deleteIfExists(part);
      }
    }
    try (Stream<Path> lives = Files.list(parent)) {
      for (Path life : lives.filter(each -> isLife(each) && isOlder(each, OVER)).toList()) {
        for (Path file : files(life, "")) {
          Files.deleteIfExists(file);
        }
        Files.deleteIfExists(life);
      }
    }
  }

  private static boolean isLife(Path file) {
    return LIFE.matcher(file.getFileName().toString()).matches() && Files.isDirectory(file);
  }

  private static boolean isOlder(Path file, Duration age) {
    try {
      FileTime at = lastModified(file);
      return at != null && at.compareTo(FileTime.from(Instant.now().minus(age))) < 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Null if another directory has dropped or renamed the file. */
  private static @Nullable FileTime lastModified(Path file) throws IOException {
    try {
      return Files.getLastModifiedTime(file);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static List<Path> files(Path folder, String end) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(end)).toList();
    }
  }
}
