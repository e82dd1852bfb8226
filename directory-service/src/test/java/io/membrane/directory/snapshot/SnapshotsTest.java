package io.membrane.directory.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.Image;
import io.membrane.fixture.TestClock;
import io.membrane.wire.LogPosition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class SnapshotsTest {

  private static final List<BlockHash> CHAIN = Entries.chain(20);
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final TestClock clock = new TestClock();
  private final Image image = new Image(100, clock);

  private final Path folder;
  private final Snapshots snapshots;

  SnapshotsTest(@TempDir Path folder) {
    this.folder = folder;
    this.snapshots = new Snapshots(folder, Duration.ofMinutes(5), 1000, clock);
  }

  @AfterEach
  void close() {
    snapshots.close();
  }

  @Test
  void oneIsWrittenWhenItIsTimeOrAfterManyEntriesOrManyBytesButNotOfAQuietLog() {
    assertThat(snapshots.ageSeconds()).isNaN();
    tick(1, 1, 10);
    clock.advance(Duration.ofMinutes(5));
    tick(2, 0, 0);
    awaitFiles("2-0");
    tick(3, 199_999, 0);
    tick(4, 1, 0);
    awaitFiles("2-0", "4-0");
    tick(5, 1, 999);
    tick(6, 0, 1);
    awaitFiles("4-0", "6-0");
    clock.advance(Duration.ofMinutes(5));
    tick(7, 0, 0);
    assertThat(names()).containsExactly("4-0", "6-0");
    assertThat(snapshots.ageSeconds()).isEqualTo(300);
    assertThat(snapshots.lastBytes()).isPositive();
    assertThat(snapshots.lastSeconds()).isPositive();
    assertThat(snapshots.failures()).isZero();
  }

  @Test
  void inASharedFolderTheOneThatLeadsWritesAndAllRead() {
    AtomicBoolean leads = new AtomicBoolean();
    try (Snapshots shared = new Snapshots(folder, Duration.ofMinutes(5), 1000, clock, leads::get)) {
      shared.tick(300_000, 0, () -> standing(1), image);
      assertThat(names()).isEmpty();
      leads.set(true);
      shared.tick(0, 0, () -> standing(2), image);
      awaitFiles("2-0");
      leads.set(false);
      shared.tick(300_000, 0, () -> standing(3), image);
      assertThat(names()).containsExactly("2-0");
      assertThat(snapshots.load("life", at -> true, new Image(100, clock))).isNotNull();
    }
  }

  @Test
  void theNewestIsReadAndIfItIsDamagedTheOneBefore(CapturedOutput output) throws IOException {
    write(1);
    write(2);
    assertThat(load().position()).isEqualTo(new LogPosition(2, 0));
    Path newest = file(2);
    byte[] bytes = Files.readAllBytes(newest);
    bytes[bytes.length / 2]++;
    Files.write(newest, bytes);
    assertThat(load().position()).isEqualTo(new LogPosition(1, 0));
    assertThat(output.toString().lines().filter(l -> l.contains("is not used")))
        .singleElement()
        .asString()
        .contains("2-0.snapshot", "it is damaged");
    Files.write(newest, new byte[0]);
    Files.write(file(1), new byte[9]);
    assertThat(snapshots.load("life", at -> true, new Image(100, clock))).isNull();
  }

  @Test
  void oneThatTheLogStillReachesGoesBeforeANewerOne() {
    write(1);
    write(2);
    Image restored = new Image(100, clock);
    Standing standing = snapshots.load("life", at -> at.ms() == 1, restored);
    assertThat(standing).isNotNull().extracting(Standing::position).hasToString("1-0");
    assertThat(restored.blocks()).isEqualTo(1);
  }

  @Test
  void oneOfAnotherLogIsNotUsed(CapturedOutput output) throws IOException {
    write(1);
    assertThat(snapshots.load("another", at -> true, new Image(100, clock))).isNull();
    Path mine = file(1).getParent();
    new SnapshotFolder(folder, "another").write(standing(2), image.encoder());
    Path other = file(2).getParent();
    assertThat(other).isNotEqualTo(mine);
    assertThat(snapshots.load("another", at -> true, new Image(100, clock))).isNull();
    assertThat(output).contains("is not used: it is of another log");
  }

  @Test
  void logsThatNobodyHasWrittenAnyOfForAWeekGoAndNothingElse() throws IOException {
    Path over = new FolderOf("over").daysAgo(8);
    Path late = new FolderOf("late").daysAgo(6);
    Path another = Files.createDirectory(folder.resolve("notes"));
    Files.setLastModifiedTime(another, FileTime.from(Instant.now().minus(Duration.ofDays(8))));
    write(1);
    assertThat(over).doesNotExist();
    assertThat(late).isDirectoryContaining("glob:**.snapshot");
    assertThat(another).exists();
  }

  /** The folder of another log. */
  private final class FolderOf {

    private final Path path;

    FolderOf(String life) throws IOException {
      new SnapshotFolder(folder, life).write(standing(1), image.encoder());
      path = folder.resolve(UUID.nameUUIDFromBytes(life.getBytes(UTF_8)).toString());
    }

    Path daysAgo(int days) throws IOException {
      Files.setLastModifiedTime(path, FileTime.from(Instant.now().minus(Duration.ofDays(days))));
      return path;
    }
  }

  @Test
  void aFolderThatIsGoneIsMadeAgainAndOneThatCannotBeIsCounted() throws IOException {
    Path place = folder.resolve("below");
    Snapshots there = new Snapshots(place, Duration.ofMinutes(5), 1000, clock);
    Files.writeString(place, "a file");
    there.tick(300_000, 0, () -> standing(1), image);
    Awaitility.await().atMost(LIMIT).until(() -> there.failures() == 1);
    Files.delete(place);
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> {
          there.tick(300_000, 0, () -> standing(2), image);
          return there.lastBytes() > 0;
        });
    assertThat(there.failures()).isEqualTo(1);
    there.close();
  }

  @Test
  void aProcessThatIsKilledWhileItWritesLeavesTheOneBefore() throws Exception {
    for (int round = 0; round < 3; round++) {
      Process writer =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  EndlessSnapshots.class.getName(),
                  folder.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("output").toFile())
              .start();
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> !names().isEmpty() && isPartThere());
      writer.destroyForcibly().waitFor();
      Image restored = new Image(EndlessSnapshots.BLOCKS, clock);
      Standing standing = snapshots.load("life", at -> true, restored);
      assertThat(standing).isNotNull();
      assertThat(restored.blocks()).isEqualTo(EndlessSnapshots.BLOCKS);
      assertThat(names().size()).isLessThanOrEqualTo(SnapshotFolder.KEPT + 1);
    }
  }

  private boolean isPartThere() {
    return !files(SnapshotFolder.PART_END).isEmpty();
  }

  private Standing load() {
    Standing standing = snapshots.load("life", at -> true, new Image(100, clock));
    assertThat(standing).isNotNull();
    return standing;
  }

  /** A snapshot of one block more. */
  private void write(int number) {
    image.apply(Entries.entry("a", Entries.stored(CHAIN, number, Entries.ATTENTION, "gpu")));
    clock.advance(Duration.ofMinutes(5));
    tick(number, 1, 0);
    Awaitility.await().atMost(LIMIT).until(() -> Files.exists(file(number)));
    awaitIdle();
  }

  private void tick(int number, int entries, long bytes) {
    snapshots.tick(entries, bytes, () -> standing(number), image);
  }

  private static Standing standing(int number) {
    return new Standing(
        "life", new LogPosition(number, 0), 1_767_225_900_000L, 0, false, List.of());
  }

  private void awaitFiles(String... names) {
    Awaitility.await().atMost(LIMIT).until(() -> names().equals(List.of(names)));
    awaitIdle();
  }

  private void awaitIdle() {
    Awaitility.await()
        .atMost(LIMIT)
        .until(() ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(t -> t.getName().equals("snapshot")));
  }

  private Path file(int number) {
    return files(number + "-0" + SnapshotFolder.NAME_END).stream()
        .findFirst()
        .orElse(folder.resolve("none"));
  }

  private List<String> names() {
    return files(SnapshotFolder.NAME_END).stream()
        .map(file -> file.getFileName().toString().replace(SnapshotFolder.NAME_END, ""))
        .sorted()
        .toList();
  }

  private List<Path> files(String end) {
    try (Stream<Path> all = Files.walk(folder, 2)) {
      return all.filter(file -> file.toString().endsWith(end)).toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // a file went meanwhile
    }
  }
}
