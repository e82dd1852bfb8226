package io.membrane.cli.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** Lets one process at a time start a fleet in a folder; the system frees it with the process. */
final class StartLock implements AutoCloseable {

  private final Path folder;
  private final FileChannel file;
  private final @Nullable FileLock lock;

  private StartLock(Path folder, FileChannel file, @Nullable FileLock lock) {
    this.folder = folder;
    this.file = file;
    this.lock = lock;
  }

  static StartLock of(Path folder) {
    try {
      FileChannel file =
          FileChannel.open(
              folder.resolve("start.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        return new StartLock(folder, file, file.tryLock());
      } catch (OverlappingFileLockException e) {
        return new StartLock(folder, file, null);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Checks that the lock is ours.
   *
   * @throws FleetProblem if another start is under way
   */
  void check() {
    if (lock == null) {
      throw new FleetProblem(
          "another start is under way in " + folder, "wait for it, or look: ./membrane status");
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
