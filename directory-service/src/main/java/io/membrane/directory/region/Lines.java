package io.membrane.directory.region;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Lines of bytes, each ended by a newline; what comes after the last newline is none. For one
 * thread.
 */
public final class Lines {

  /** Longest line without its newline; one of the feed has a few hundred bytes, names are short. */
  public static final int MAX_BYTES = (64 << 10) - 1;

  private final InputStream in;
  private final byte[] buffer = new byte[MAX_BYTES + 1];
  private int from;
  private int to;

  public Lines(InputStream in) {
    this.in = in;
  }

  /**
   * The next line, or null at the end.
   *
   * @throws IOException if the line is too long, or the stream breaks off
   */
  public byte @Nullable [] next() throws IOException {
    int searched = from;
    while (true) {
      int end = newline(searched);
      if (end >= 0) {
        byte[] line = Arrays.copyOfRange(buffer, from, end);
        from = end + 1;
        return line;
      }
      searched = to - from;
      System.arraycopy(buffer, from, buffer, 0, to - from);
      to -= from;
      from = 0;
      if (to == buffer.length) {
        throw new IOException("a line of more than " + MAX_BYTES + " bytes");
      }
      int more = in.read(buffer, to, buffer.length - to);
      if (more < 0) {
        return null;
      }
      to += more;
    }
  }

  /** Whether the next line is there already. */
  public boolean isReady() {
    return newline(from) >= 0;
  }

  private int newline(int start) {
    for (int i = start; i < to; i++) {
      if (buffer[i] == '\n') {
        return i;
      }
    }
    return -1;
  }
}
