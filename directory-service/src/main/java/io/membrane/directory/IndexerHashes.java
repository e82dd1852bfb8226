package io.membrane.directory;

import io.membrane.block.BlockHash;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.DirectoryClient;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A prompt's blocks by hashes, in order.
 *
 * @param blocks the directory's own; none if numbers were given
 * @param engineNames 64 bits that an engine names each by: the number, or the low half of a digest
 */
record IndexerHashes(List<BlockHash> blocks, List<Long> engineNames) {

  private static final BigInteger LEAST = BigInteger.valueOf(Long.MIN_VALUE);
  private static final int RADIX = 16;
  private static final int HALF_OF_DIGITS = 48;

  /**
   * Reads the one list that is given.
   *
   * @throws MembraneException unless it is one, of hashes, all of one form
   */
  @SafeVarargs
  static IndexerHashes of(@Nullable List<JsonNode>... lists) {
    List<List<JsonNode>> given = Stream.of(lists).filter(Objects::nonNull).toList();
    if (given.size() != 1) {
      throw malformed("give exactly one of seq_hashes, block_hashes and block_hash");
    }
    List<JsonNode> names = given.getFirst();
    if (names.size() > DirectoryClient.MAX_BLOCKS) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE,
          "a query has at most " + DirectoryClient.MAX_BLOCKS + " blocks; ask for the first ones");
    }
    List<BlockHash> blocks = new ArrayList<>();
    List<Long> engineNames = new ArrayList<>(names.size());
    for (int i = 0; i < names.size(); i++) {
      JsonNode name = names.get(i);
      if (name.isString()) {
        BlockHash block = block(name.asString(), i);
        blocks.add(block);
        engineNames.add(Long.parseUnsignedLong(block.hex().substring(HALF_OF_DIGITS), RADIX));
      } else {
        engineNames.add(number(name, i));
      }
    }
    if (!blocks.isEmpty() && blocks.size() < names.size()) {
      throw malformed("the hashes are all numbers, or all text; not both");
    }
    return new IndexerHashes(blocks, engineNames);
  }

  private static BlockHash block(String hex, int index) {
    try {
      return BlockHash.parse(hex);
    } catch (IllegalArgumentException e) {
      throw neither(index);
    }
  }

  /** Signed and unsigned numbers are the same bits. */
  private static long number(JsonNode name, int index) {
    if (!name.isIntegralNumber()) {
      throw neither(index);
    }
    BigInteger number = name.bigIntegerValue();
    if (number.compareTo(LEAST) < 0 || (number.signum() > 0 && number.bitLength() > Long.SIZE)) {
      throw neither(index);
    }
    return number.longValue();
  }

  private static MembraneException neither(int index) {
    return malformed(
        "hash %d is neither a block hash of 64 hex digits nor a 64-bit number".formatted(index));
  }

  private static MembraneException malformed(String detail) {
    return new MembraneException(ErrorCode.MALFORMED_REQUEST, detail);
  }
}
