package io.membrane.directory.engine;

import io.membrane.directory.location.Source;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient.Event;
import java.util.List;

/** Where the events of followed engines go. Thread-safe. */
interface EventSink {

  /**
   * An epoch later than all that are known of a source, and that nobody else is given.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if that cannot be said now
   */
  long nextEpoch(Source source);

  /** How an epoch stands. */
  enum Standing {
    /** Nothing of it has been heard yet, or all of it is forgotten. */
    UNHEARD,
    /** What was taken of it counts. */
    HEARD,
    /** A later one has begun, or events of it were lost after they had been taken. */
    OVER
  }

  /** How a source's epoch stands; costs next to nothing. */
  Standing standing(Source source, long epoch);

  /**
   * Takes a source's next events. The same events with the same numbers may be handed on again.
   *
   * @param sequence number of the first event within the epoch, from 0
   * @param events at least one
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if it cannot take them now;
   *     it may have taken them all the same
   */
  void append(Source source, long epoch, long sequence, List<Event> events);
}
