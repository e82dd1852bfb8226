package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.wire.DirectoryClient;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A match that asks for block hashes and for nothing else, as routers do on every request: read
 * from its bytes without a text for each hash. Whatever is written in any other way is none.
 *
 * @param chain different hashes, in order
 * @param array where the array of hashes stands in the body: what the answer repeats
 */
record PlainMatch(List<BlockHash> chain, Span array) {

  /** Bytes of a body, half-open. */
  record Span(int from, int to) {}

  private static final byte[] NAME = "\"block_hashes\"".getBytes(StandardCharsets.US_ASCII);
  private static final int HEX_DIGITS = 2 * BlockHash.BYTES;

  /** Null if the body is not plainly a match of different hashes. */
  static @Nullable PlainMatch parse(byte[] body) {
    Scan scan = new Scan(body);
    scan.skip('{');
    scan.skip(NAME);
    scan.skip(':');
    scan.space();
    int from = scan.at;
    scan.skip('[');
    List<BlockHash> chain = new ArrayList<>(body.length / (HEX_DIGITS + 3) + 1);
    scan.space();
    if (!scan.isAt(']')) {
      do {
        chain.add(scan.hash());
      } while (scan.failed == 0 && scan.isSkipped(','));
    }
    scan.skip(']');
    Span array = new Span(from, scan.at);
    scan.skip('}');
    scan.space();
    boolean isPlain =
        scan.failed == 0
            && scan.at == body.length
            && chain.size() <= DirectoryClient.MAX_BLOCKS
            && areDifferent(chain);
    return isPlain ? new PlainMatch(chain, array) : null;
  }

  /** By open addressing in a table that is at most half full. */
  private static boolean areDifferent(List<BlockHash> chain) {
    int[] table = new int[Integer.highestOneBit(Math.max(1, chain.size())) << 2];
    for (int i = 0; i < chain.size(); i++) {
      BlockHash hash = chain.get(i);
      int slot = (int) hash.w0() & (table.length - 1);
      while (table[slot] != 0) {
        if (chain.get(table[slot] - 1).equals(hash)) {
          return false;
        }
        slot = (slot + 1) & (table.length - 1);
      }
      table[slot] = i + 1;
    }
    return true;
  }

  /** Reads on; once anything else stood there than was wanted, {@link #failed} is not 0. */
  private static final class Scan {

    private final byte[] body;
    private int at;
    private int failed;

    Scan(byte[] body) {
      this.body = body;
    }

    void space() {
      while (at < body.length
          && (body[at] == ' ' || body[at] == '\n' || body[at] == '\r' || body[at] == '\t')) {
        at++;
      }
    }

    boolean isAt(char wanted) {
      return at < body.length && body[at] == wanted;
    }

    void skip(char wanted) {
      space();
      if (isAt(wanted)) {
        at++;
      } else {
        failed = 1;
      }
    }

    boolean isSkipped(char wanted) {
      space();
      boolean is = isAt(wanted);
      at += is ? 1 : 0;
      return is;
    }

    void skip(byte[] wanted) {
      space();
      for (byte b : wanted) {
        failed |= at < body.length && body[at] == b ? 0 : 1;
        at++;
      }
    }

    BlockHash hash() {
      skip('"');
      if (body.length - at < HEX_DIGITS) {
        failed = 1;
        return new BlockHash(0, 0, 0, 0);
      }
      BlockHash hash = new BlockHash(word(), word(), word(), word());
      if (isAt('"')) {
        at++;
      } else {
        failed = 1;
      }
      return hash;
    }

    private long word() {
      long word = 0;
      int wrong = 0;
      for (int end = at + HEX_DIGITS / 4; at < end; at++) {
        int digit = DIGITS[body[at] & 0xFF];
        wrong |= digit;
        word = (word << 4) | (digit & 0xF);
      }
      failed |= wrong >>> 31;
      return word;
    }

    /** The value of each lower-case hex digit, -1 for any other byte. */
    private static final byte[] DIGITS = digits();

    private static byte[] digits() {
      byte[] digits = new byte[256];
      Arrays.fill(digits, (byte) -1);
      for (int value = 0; value < 16; value++) {
        digits[Character.forDigit(value, 16)] = (byte) value;
      }
      return digits;
    }
  }
}
