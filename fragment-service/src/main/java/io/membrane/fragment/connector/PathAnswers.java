package io.membrane.fragment.connector;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Answers those requests of a connection that differ from an earlier one of it by their path alone.
 */
@FunctionalInterface
public interface PathAnswers {

  /**
   * The answer, without waiting for anything.
   *
   * @return null for all that is to be answered as if this were not there; nothing is counted then
   */
  @Nullable PathAnswer to(String path);

  /** A whole answer, which is ready to be sent. For one thread at a time. */
  interface PathAnswer {

    /** Writes the status line and the headers, with the empty line after them. */
    void head(ByteBuffer into);

    /** The body: direct buffers that are valid until {@link #end}. */
    ByteBuffer[] body();

    /**
     * Lets go of the body; called once.
     *
     * @param isWhole whether the answer has left; else its connection is cut
     */
    void end(boolean isWhole);
  }
}
