package io.membrane.block;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The two hashes of {@code identity.md}. With {@code field(x) = uint32-LE(length of x) ‖ x}:
 *
 * <pre>
 * fields  = field(model) ‖ field(revision) ‖ field(kv_dtype) ‖ uint32-LE(block_tokens) ‖ field(salt)
 * root    = SHA-256("membrane/block/1" ‖ fields)
 * block_i = SHA-256(block_{i-1} ‖ uint32-LE(token)… ‖ field(extra))
 * chunk   = SHA-256("membrane/chunk/1" ‖ fields ‖ uint32-LE(token)… ‖ field(extra))
 * </pre>
 *
 * Stateless; every method may be called from any thread.
 */
public final class BlockHasher {

  private static final byte[] BLOCK_TAG = "membrane/block/1".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] CHUNK_TAG = "membrane/chunk/1".getBytes(StandardCharsets.US_ASCII);
  private static final String NO_EXTRA = "";

  private BlockHasher() {}

  /**
   * The parent of every first block.
   *
   * @param sharingSalt the sharing domain's secret, empty for public sharing
   */
  public static BlockHash root(Namespace namespace, String sharingSalt) {
    MessageDigest sha = sha256();
    sha.update(BLOCK_TAG);
    namespaceFields(sha, namespace, sharingSalt);
    return BlockHash.of(sha.digest());
  }

  /**
   * Hashes of the full blocks of {@code tokens}, in order; an unaligned tail has no hash.
   *
   * @param root from {@link #root} or the directory's {@code namespaces/resolve}
   */
  public static List<BlockHash> chain(BlockHash root, int blockTokens, Tokens tokens) {
    return chain(root, blockTokens, tokens, block -> NO_EXTRA);
  }

  /**
   * As {@link #chain(BlockHash, int, Tokens)}.
   *
   * @param extra what besides tokens shapes the KV of a block, by block index; empty for none
   */
  public static List<BlockHash> chain(
      BlockHash root, int blockTokens, Tokens tokens, IntFunction<String> extra) {
    int blocks = tokens.length() / blockTokens;
    List<BlockHash> chain = new ArrayList<>(blocks);
    MessageDigest sha = sha256();
    ByteBuffer words =
        ByteBuffer.allocate(BlockHash.BYTES + 4 * blockTokens).order(ByteOrder.LITTLE_ENDIAN);
    byte[] parent = root.toBytes();
    for (int block = 0; block < blocks; block++) {
      words.clear().put(parent);
      tokens.putInto(words, block * blockTokens, blockTokens);
      sha.update(words.array(), 0, words.position());
      field(sha, extra.apply(block));
      try {
        sha.digest(parent, 0, BlockHash.BYTES);
      } catch (DigestException e) {
        throw new IllegalStateException(e);
      }
      chain.add(BlockHash.of(parent));
    }
    return List.copyOf(chain);
  }

  /** Hash of a run of tokens wherever it stands; only the positional index uses it. */
  public static BlockHash chunk(
      Namespace namespace, String sharingSalt, Tokens tokens, String extra) {
    MessageDigest sha = sha256();
    sha.update(CHUNK_TAG);
    namespaceFields(sha, namespace, sharingSalt);
    ByteBuffer words = ByteBuffer.allocate(4 * tokens.length()).order(ByteOrder.LITTLE_ENDIAN);
    tokens.putInto(words, 0, tokens.length());
    sha.update(words.array());
    field(sha, extra);
    return BlockHash.of(sha.digest());
  }

  private static void namespaceFields(MessageDigest sha, Namespace namespace, String salt) {
    field(sha, namespace.model());
    field(sha, namespace.revision());
    field(sha, namespace.kvDtype());
    sha.update(uint32(namespace.blockTokens()));
    field(sha, salt);
  }

  private static void field(MessageDigest sha, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    sha.update(uint32(bytes.length));
    sha.update(bytes);
  }

  private static byte[] uint32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
