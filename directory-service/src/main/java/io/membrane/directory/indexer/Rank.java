package io.membrane.directory.indexer;

import io.membrane.block.ContentDigest;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A data-parallel rank of an instance, as indexers name engines. Rank 0 is the node that is called
 * as the instance is, another rank is the node {@code instance:dp1}, {@code instance:dp2}, …
 */
public record Rank(String instance, int number) {

  /** Highest number of a rank. */
  public static final int MAX = 99_999;

  private static final Pattern FURTHER = Pattern.compile("(.+):dp([1-9][0-9]{0,4})");
  private static final Pattern DECIMAL = Pattern.compile("0|[1-9][0-9]{0,19}");
  private static final int U64_BITS = 64;
  private static final int U64_DIGITS = U64_BITS / 4;

  /** The rank that a node is. */
  public static Rank of(String node) {
    Matcher further = FURTHER.matcher(node);
    return further.matches()
        ? new Rank(further.group(1), Integer.parseInt(further.group(2)))
        : new Rank(node, 0);
  }

  /**
   * A rank to register.
   *
   * @throws IllegalArgumentException if the number is none, or the instance's name would be taken
   *     for that of a further rank
   */
  public static Rank named(String instance, int number) {
    if (number < 0 || number > MAX) {
      throw new IllegalArgumentException("dp_rank is 0 to " + MAX + ", not " + number);
    }
    if (FURTHER.matcher(instance).matches()) {
      throw new IllegalArgumentException(
          "instance_id does not end with ':dp' and a number, which names a rank; write dp_rank");
    }
    return new Rank(instance, number);
  }

  /** Its node's name. */
  public String node() {
    return number == 0 ? instance : instance + ":dp" + number;
  }

  /**
   * An instance's name as the unsigned 64-bit number that some indexers want: itself if it is one
   * in decimal, else the first 8 bytes of its SHA-256.
   */
  public static BigInteger id(String instance) {
    if (DECIMAL.matcher(instance).matches()) {
      BigInteger itself = new BigInteger(instance);
      if (itself.bitLength() <= U64_BITS) {
        return itself;
      }
    }
    String digest = ContentDigest.of(instance.getBytes(StandardCharsets.UTF_8)).hex();
    return new BigInteger(digest.substring(0, U64_DIGITS), 16);
  }

  /** Whether its instance is called this, by its name or by its {@link #id}. */
  public boolean isOf(String called) {
    return instance.equals(called) || id(instance).toString().equals(called);
  }
}
