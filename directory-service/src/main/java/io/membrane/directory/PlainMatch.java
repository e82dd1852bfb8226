package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.directory.PlainScan.NotPlain;
import io.membrane.wire.DirectoryClient;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
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

  /** Not known outside, so that nobody can aim at one slot. */
  private static final long KEY = new SecureRandom().nextLong();

  private static final int HEX_DIGITS = 2 * BlockHash.BYTES;

  /** Null if the body is not plainly a match of different hashes. */
  static @Nullable PlainMatch parse(byte[] body) {
    try {
      return parse(new PlainScan(body), body.length / (HEX_DIGITS + 3) + 1);
    } catch (NotPlain e) {
      return null;
    }
  }

  private static @Nullable PlainMatch parse(PlainScan scan, int expected) {
    scan.skip('{');
    if (!scan.isSkipped(NAME)) {
      return null;
    }
    scan.skip(':');
    scan.space();
    int from = scan.at();
    scan.skip('[');
    List<BlockHash> chain = new ArrayList<>(expected);
    if (!scan.isSkipped(']')) {
      long[] words = new long[BlockHash.BYTES / Long.BYTES];
      do {
        scan.hash(words, 0);
        chain.add(new BlockHash(words[0], words[1], words[2], words[3]));
      } while (scan.isSkipped(','));
      scan.skip(']');
    }
    Span array = new Span(from, scan.at());
    scan.skip('}');
    scan.space();
    boolean isPlain =
        scan.isAtEnd() && chain.size() <= DirectoryClient.MAX_BLOCKS && areDifferent(chain);
    return isPlain ? new PlainMatch(chain, array) : null;
  }

  /** By open addressing in a table that is at most half full. */
  private static boolean areDifferent(List<BlockHash> chain) {
    int[] table = new int[Integer.highestOneBit(Math.max(1, chain.size())) << 2];
    for (int i = 0; i < chain.size(); i++) {
      BlockHash hash = chain.get(i);
      int slot = (int) hash.mixed(KEY) & (table.length - 1);
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
}
