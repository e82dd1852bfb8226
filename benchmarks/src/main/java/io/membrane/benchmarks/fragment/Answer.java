package io.membrane.benchmarks.fragment;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Locale;

/** Looks for the end of an answer in RESP, or in HTTP/1.1 with a Content-Length. */
final class Answer {

  private static final String LENGTH = "\r\ncontent-length:";

  private boolean beginning;
  private long left;

  /** The next bytes are a new answer's. */
  void begin() {
    beginning = true;
  }

  /**
   * Reads what is there, into nowhere.
   *
   * @return whether the answer is there to its end
   * @throws IOException with what was answered, if that is no success
   */
  boolean read(SocketChannel channel, ByteBuffer into) throws IOException {
    int got = channel.read(into.clear());
    if (got < 0) {
      throw new EOFException("closed by the server");
    }
    if (beginning && got > 0) {
      left = length(US_ASCII.decode(into.flip().slice(0, Math.min(got, 1024))).toString());
      beginning = false;
    }
    left -= got;
    return !beginning && left == 0;
  }

  /** Bytes of the answer in all; its head is taken to come at once. */
  private static long length(String start) throws IOException {
    if (start.startsWith("+OK\r\n")) {
      return 5;
    }
    if (start.startsWith("$")) {
      int line = start.indexOf("\r\n");
      int bytes = Integer.parseInt(start.substring(1, line));
      if (bytes >= 0) {
        return line + 2L + bytes + 2;
      }
    }
    int head = start.indexOf("\r\n\r\n");
    int length = start.toLowerCase(Locale.ROOT).indexOf(LENGTH);
    if (!start.startsWith("HTTP/1.1 20") || head < 0 || length < 0 || length > head) {
      throw new IOException("answered: " + start);
    }
    int value = length + LENGTH.length();
    return head + 4L + Long.parseLong(start.substring(value, start.indexOf("\r\n", value)).trim());
  }
}
