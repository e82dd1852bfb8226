package io.membrane.directory.feed;

import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.Image;
import io.membrane.directory.location.Listing;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.LogEntry;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the shared store holds is taken in anew, beside what the image knows of it.
 *
 * <ol>
 *   <li>The log's position is noted; then the store is asked.
 *   <li>What it tells goes to places that nothing else is in. The log's reader goes on meanwhile.
 *   <li>When all was told, the log from the position on is followed in these places once more: some
 *       of what was told is older than an event that came since, some newer; the last word holds.
 *   <li>Where the image stands itself they take the place of the old ones, and the doubt ends.
 * </ol>
 *
 * If the log does not go on without a gap from the position noted, or entries were lost meanwhile,
 * nothing of it holds, and the doubt stays. All is done by the image's writer, a little at a time.
 * For one thread.
 */
public final class Relisting implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Relisting.class);

  private final EventLog events;
  private final LogTail tail;
  private final Doubts doubts;
  private final Listing listing;
  private final long losses;
  private final ChangeBatch batch = new ChangeBatch();
  private final Skipped skipped = new Skipped();
  private FeedCursor at;
  private boolean isOver;

  /** Begun by the image's writer, where it stands at {@code from}. */
  Relisting(EventLog events, LogTail tail, Doubts doubts, FeedCursor from, Listing listing) {
    this.events = events;
    this.tail = tail;
    this.doubts = doubts;
    this.at = from;
    this.listing = listing;
    this.losses = doubts.losses();
  }

  /** Name of the log that the store has to write to. */
  public String life() {
    return at.life();
  }

  /** A store's fragments are taken in from now on: all of them until {@link #complete}. */
  public void begin(String cluster, String node) throws InterruptedException {
    var _ =
        tail.change(i -> {
          listing.begin(cluster, node);
          return true;
        });
  }

  /**
   * Takes fragments in, each as the log would tell of it. What cannot be understood, or is refused
   * by a limit of the image, is counted and skipped, as the log's reader does.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if all of it is in vain
   */
  public void take(List<LogEntry> stored) throws InterruptedException {
    var _ =
        tail.change(i -> {
          checkNothingLost();
          for (LogEntry entry : stored) {
            try {
              listing.take(entry);
            } catch (IllegalArgumentException | IllegalStateException e) {
              skipped.add(at.position(), 1, e);
            }
          }
          return true;
        });
  }

  /**
   * All was told. The image now says so, and the doubt has ended.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if it cannot be known what
   *     happened meanwhile; to be begun again
   */
  public void complete() throws InterruptedException {
    while (!isOver) {
      isOver = tail.change(this::follow);
    }
    if (skipped.count() > 0) {
      log.warn(
          "{} fragments that the store holds were skipped; the log tells why of the first",
          skipped.count());
      skipped.report();
    }
  }

  /** Follows the log a page further; whether it is where the image is, and all is done. */
  private boolean follow(Image image) {
    checkNothingLost();
    Page page = events.after(at.position());
    if (!at.isContinuedBy(page)) {
      throw inVain();
    }
    for (Recorded recorded : page.entries()) {
      follow(recorded);
      at = at.at(recorded.position());
    }
    if (at.position().compareTo(tail.position()) >= 0) {
      listing.complete();
      doubts.endListing(at.position());
      return true;
    }
    if (page.isLast()) {
      throw inVain();
    }
    return false;
  }

  /** What cannot be understood the log's reader skips, counts and reports. */
  private void follow(Recorded recorded) {
    try {
      if (recorded.isBatch()) {
        BatchCodec.decode(recorded.value(), batch);
        if (batch.first() == null) {
          batch.entries().forEach(listing::follow);
        }
      } else if (!recorded.hasNotes()) {
        listing.follow(recorded.entry());
      }
    } catch (RuntimeException e) {
      log.debug("an entry at {} cannot be followed", recorded.position(), e);
    }
  }

  private void checkNothingLost() {
    if (losses != doubts.losses()) {
      throw inVain();
    }
  }

  private static MembraneException inVain() {
    return new MembraneException(
        ErrorCode.DEPENDENCY_UNAVAILABLE,
        "the log lost entries while the store was listed; it is listed again");
  }

  /** Gives up unless all was taken in: the image is as if this had never been. */
  @Override
  public void close() {
    if (isOver) {
      return;
    }
    isOver = true;
    try {
      var _ =
          tail.change(i -> {
            listing.drop();
            return true;
          });
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (MembraneException e) {
      log.debug("nobody keeps the image any more; the next listing drops this one", e);
    }
  }
}
