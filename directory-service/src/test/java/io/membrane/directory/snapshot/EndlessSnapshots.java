package io.membrane.directory.snapshot;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.directory.location.Image;
import io.membrane.wire.LogPosition;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** A process that writes snapshots until it is killed. Argument: their folder. */
final class EndlessSnapshots {

  static final int BLOCKS = 20_000;

  private EndlessSnapshots() {}

  static void main(String[] args) throws IOException {
    Image image = new Image(BLOCKS, Clock.systemUTC());
    List<BlockHash> chain = Entries.chain(BLOCKS);
    for (int i = 0; i < BLOCKS; i++) {
      image.apply(Entries.entry("a", Entries.stored(chain, i, Entries.ATTENTION, "gpu")));
    }
    SnapshotFolder folder = new SnapshotFolder(Path.of(args[0]), "life");
    long begun = System.currentTimeMillis();
    for (int number = 0; ; number++) {
      LogPosition at = new LogPosition(begun, number);
      folder.write(new Standing("life", at, begun, 0, false, List.of()), image.encoder());
    }
  }
}
