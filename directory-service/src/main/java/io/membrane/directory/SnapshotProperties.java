package io.membrane.directory;

import io.membrane.boot.StartupProblem;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where and when the directory writes its image to files.
 *
 * @param snapshotDir folder of the folders, one for each life of the log; null for {@code
 *     membrane-directory-USER} in the system's temporary directory
 * @param snapshotShared whether the replicas share the folder, and so one of them writes; all read
 * @param snapshotEvery a snapshot is written so often, unless the log is quiet
 */
@ConfigurationProperties("membrane.directory")
record SnapshotProperties(
    @Nullable Path snapshotDir,
    @DefaultValue("false") boolean snapshotShared,
    @DefaultValue("5m") Duration snapshotEvery) {

  private static final Duration LEAST = Duration.ofSeconds(1);

  /**
   * The folder, which is there and can be written.
   *
   * @throws StartupProblem if that cannot be brought about
   */
  Path folder() {
    Path folder =
        snapshotDir == null
            ? Path.of(
                System.getProperty("java.io.tmpdir"),
                "membrane-directory-" + System.getProperty("user.name"))
            : snapshotDir;
    try {
      if (!Files.isDirectory(folder)) {
        Files.createDirectories(folder, forTheOwner());
      }
      Path probe = Files.createTempFile(folder, "probe", null);
      boolean isOwn = Files.getOwner(probe).equals(Files.getOwner(folder));
      Files.delete(probe);
      if (snapshotDir == null && !isOwn) {
        throw new StartupProblem(
            "The folder for snapshots, " + folder + ", belongs to somebody else",
            "Write into membrane.directory.snapshot-dir the path of a folder of this user's own:"
                + " whoever can write there can tell the directory anything.");
      }
      return folder;
    } catch (IOException e) {
      throw new StartupProblem(
          "The folder for snapshots, %s, cannot be written: %s".formatted(folder, e),
          "Write into membrane.directory.snapshot-dir the path of a folder in which this user may"
              + " make files, or let the user do so in this one.");
    }
  }

  private static FileAttribute<?>[] forTheOwner() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Stops the start if a value cannot be meant. */
  SnapshotProperties checked() {
    if (snapshotShared && snapshotDir == null) {
      throw new StartupProblem(
          "membrane.directory.snapshot-shared is true, and every replica has a folder of its own",
          "Write into membrane.directory.snapshot-dir the path of the folder that all replicas"
              + " share, or leave membrane.directory.snapshot-shared out.");
    }
    if (snapshotEvery.compareTo(LEAST) < 0) {
      throw new StartupProblem(
          "membrane.directory.snapshot-every is " + snapshotEvery,
          "Write at least 1s, for example 5m.");
    }
    return this;
  }
}
