package io.membrane.fragment.connector;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.membrane.fragment.connector.PathAnswers.PathAnswer;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a connection remembers of a {@code GET} that Tomcat has read and somebody has answered: all
 * that followed its path. A caller that keeps its connection sends these bytes again and again, so
 * that nothing of the next request has to be understood anew but its path. A request that differs
 * in any other byte is Tomcat's, and so is every one that is not there as a whole, or not alone.
 *
 * <p>For the thread that holds the connection's lock; {@link #areKnown} for any.
 */
final class SameHeaders {

  /** Longer requests are not remembered. */
  private static final int MAX_BYTES = 2048;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final byte[] GET = "GET ".getBytes(ISO_8859_1);
  private static final String VERSION = " HTTP/1.1\r\n";
  private static final String END = "\r\n\r\n";

  private final byte[] read = new byte[MAX_BYTES];
  private int readBytes;

  /** From the space after the path to the empty line, of the request before. */
  private ByteBuffer rest = NOTHING;

  private volatile @Nullable PathAnswers answers;

  /** Tomcat has read these bytes: the request that it answers next, if it came in one piece. */
  void read(ByteBuffer bytes) {
    readBytes = bytes.remaining() <= MAX_BYTES ? bytes.remaining() : 0;
    bytes.get(read, 0, readBytes);
  }

  /**
   * Remembers the request that is being answered, if all of it was what Tomcat has read last. Two
   * in a row that are alike make it known: a caller whose headers differ each time is not held up.
   *
   * @param path as the request names it, a query and all
   * @param headers how many Tomcat has found
   */
  void learn(String path, int headers, PathAnswers answers) {
    int end = GET.length + path.length();
    ByteBuffer now =
        isRead(0, "GET " + path + VERSION)
                && isRead(readBytes - END.length(), END)
                && lines() == headers + 2
            ? ByteBuffer.wrap(Arrays.copyOfRange(read, end, readBytes))
            : NOTHING;
    this.answers = now.hasRemaining() && now.equals(rest) ? answers : null;
    rest = now;
  }

  private boolean isRead(int from, String text) {
    if (from < 0 || from + text.length() > readBytes) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (read[from + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private int lines() {
    int lines = 0;
    for (int i = 0; i < readBytes; i++) {
      lines += read[i] == '\n' ? 1 : 0;
    }
    return lines;
  }

  boolean areKnown() {
    return answers != null;
  }

  /**
   * The answer to all that has been read; null if it is not a request with the same headers, which
   * then are forgotten.
   */
  @Nullable PathAnswer answerTo(ByteBuffer request) {
    PathAnswers known = answers;
    int path = request.remaining() - rest.remaining() - GET.length;
    if (known == null
        || path < 1
        || !request.slice(GET.length + path, rest.remaining()).equals(rest)
        || !request.slice(0, GET.length).equals(ByteBuffer.wrap(GET))) {
      answers = null;
      return null;
    }
    byte[] asked = new byte[path];
    request.get(GET.length, asked);
    return known.to(new String(asked, ISO_8859_1));
  }
}
