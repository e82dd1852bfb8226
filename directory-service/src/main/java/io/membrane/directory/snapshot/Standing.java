package io.membrane.directory.snapshot;

import static java.util.stream.Collectors.toMap;

import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.wire.LogPosition;
import java.util.List;
import java.util.Map;

/**
 * How far an image had come when its snapshot was begun.
 *
 * @param life name of the log that it followed
 * @param position of the last entry that it had taken in; all later ones have to be read again
 * @param unixMs when that was
 * @param logBytes what the log held up to there, as far as the image's reader knew
 * @param entriesLost whether entries were missing of sources that do not number their events
 * @param numbering the sources that do
 */
public record Standing(
    String life,
    LogPosition position,
    long unixMs,
    long logBytes,
    boolean entriesLost,
    List<Numbering> numbering) {

  /**
   * A source that numbers its events.
   *
   * @param heardAt position of the last entry of it
   * @param isDoubted whether events of it were missing
   */
  public record Numbering(
      Source source, NodeProgress progress, LogPosition heardAt, boolean isDoubted) {}

  public Standing {
    numbering = List.copyOf(numbering);
  }

  Map<Source, NodeProgress> progress() {
    return numbering.stream().collect(toMap(Numbering::source, Numbering::progress, (a, b) -> b));
  }
}
