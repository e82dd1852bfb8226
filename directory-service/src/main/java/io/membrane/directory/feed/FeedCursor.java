package io.membrane.directory.feed;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.LogPosition;

/**
 * Where a reader of the feed is: the log's life, and the last entry that it knows. Text form {@code
 * life:position}, to readers a mere name.
 */
record FeedCursor(String life, LogPosition position) {

  /**
   * Parses the text form.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} if it is anything else
   */
  static FeedCursor parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1 || !LogPosition.isPosition(text.substring(colon + 1))) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "after: give the cursor of a line of this feed as it stands there, or leave it out to be"
              + " told everything");
    }
    return new FeedCursor(text.substring(0, colon), LogPosition.parse(text.substring(colon + 1)));
  }

  /** Whether a page read after this position goes on from here, with nothing lost between. */
  boolean isContinuedBy(Page page) {
    boolean isHeld =
        position.equals(LogPosition.START) ? !page.isCut() : position.equals(page.before());
    return life.equals(page.life()) && isHeld;
  }

  FeedCursor at(LogPosition next) {
    return new FeedCursor(life, next);
  }

  @Override
  public String toString() {
    return life + ":" + position;
  }
}
