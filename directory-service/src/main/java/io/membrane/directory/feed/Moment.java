package io.membrane.directory.feed;

import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import java.util.Map;

/**
 * How far the image is.
 *
 * @param cursor where in the log
 * @param progress how far the sources of this region are that number their events
 */
record Moment(FeedCursor cursor, Map<Source, NodeProgress> progress) {

  Moment {
    progress = Map.copyOf(progress);
  }
}
