package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.ContentDigest;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Where things lie in Redis.
 *
 * <pre>
 *  key                              what
 *  {membrane}:name:&lt;name&gt;           string one name of some bytes: text ({@link NameRecord})
 *      expires, uses                       Unix time in ms, zeros: never; what its rank is made of,
 *                                          with class and weight
 *      digest, generation, bytes           which bytes, which content of them, how many
 *      position, announced                 log entry that tells of it; whether the log does
 *      class, weight, owner                its rank; tenant that is charged
 *      seal, meta                          SHA-256 that binds name, digest, length and meta together;
 *                                          JSON of FragmentMeta without its life
 *      with                                names that go when it goes
 *  {membrane}:content:&lt;digest&gt;     string bytes that are stored once: text, with a space between
 *      references, footprint               names that refer; bytes that the body takes in Redis
 *      generation, body                    a content that comes back is another; id of the body
 *  {membrane}:account:&lt;tenant&gt;     hash   bytes, names: what a tenant is charged for
 *  {membrane}:policy:&lt;tenant&gt;      string JSON of its policy ({@link io.membrane.tenancy.Policies})
 *  {membrane}:pin:&lt;tenant&gt;/&lt;pin&gt;    set    names that a pin keeps
 *  {membrane}:pinned:&lt;name&gt;         set    pins that keep a name
 *  {membrane}:pins                  zset   which pin ends when
 *  {membrane}:rank                  zset   what goes first when room is needed
 *  {membrane}:expiry                zset   what ends when
 *  {membrane}:store                 hash   bytes and names in all, age of the ranking, life, changes
 *  {membrane}:changes               stream names that memory tiers must forget
 *  {membrane}:notes                 stream names that came, went or changed, while somebody asks
 *  {membrane}:log                   stream what the directory follows
 *  {membrane}:log:life              hash   the directory's: which log it is, its first entry
 *  {membrane}:upload:&lt;id&gt;         hash   an upload
 *      state                               open, or ended
 *      tenant, key, meta, digest           whose; what it is to become; digest if it was claimed
 *      length, limit                       bytes it shall have, if known; most it may have
 *      offset, held                        bytes it has; bytes that they take in Redis
 *      writer, created                     token of the request that may write; when it began
 *      outcome, detail, position           once it has ended: the answer, kept for a while
 *  {membrane}:parts:&lt;id&gt;          list   parts of an open upload, in order
 *  {membrane}:uploads               zset   which open upload ends when
 *  {membrane}:ended:&lt;tenant&gt;       list   uploads whose answers are kept
 *  membrane:body:&lt;id&gt;              string the bytes; id: digest, time and a random number, and the
 *                                          form of the bytes ({@link Forms})
 *  membrane:upload:{&lt;id&gt;}:&lt;part&gt;   string bytes of a part; Redis forgets what nobody removes
 * </pre>
 *
 * <p>All but the bodies lies in one slot, so a script changes it whole or not at all, and counts
 * are exact. A body is written under an id of its own before it is named, and unlinked after its
 * content is gone: no name refers to bytes that were never written, and an id is never used twice.
 * What a process leaves behind that dies between the two is a body that nobody refers to.
 */
final class RedisKeys {

  static final String PREFIX = "{membrane}:";
  static final byte[] LOG = (PREFIX + "log").getBytes(US_ASCII);
  static final byte[] LOG_LIFE = (PREFIX + "log:life").getBytes(US_ASCII);
  static final String BODY_PREFIX = "membrane:body:";
  static final String UPLOAD_PREFIX = "membrane:upload:";

  private RedisKeys() {}

  static byte[] name(Name name) {
    return (PREFIX + "name:" + name).getBytes(UTF_8);
  }

  static byte[] content(ContentDigest digest) {
    return (PREFIX + "content:" + digest).getBytes(US_ASCII);
  }

  static byte[] account(String tenant) {
    return (PREFIX + "account:" + tenant).getBytes(US_ASCII);
  }

  /** An id that no body has had before. */
  static String newBodyId(ContentDigest digest, long nowMs) {
    return digest
        + "."
        + nowMs
        + "."
        + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
  }

  static byte[] body(String id) {
    return (BODY_PREFIX + id).getBytes(US_ASCII);
  }

  static byte[] part(String upload, String part) {
    return (UPLOAD_PREFIX + "{" + upload + "}:" + part).getBytes(US_ASCII);
  }

  /**
   * Bytes that a string of this length takes in Redis, as its allocator (jemalloc) rounds: four
   * sizes for each power of two.
   */
  static long footprint(long bytes) {
    long wanted = Math.max(bytes + OVERHEAD, 64);
    long step = Long.highestOneBit(wanted - 1) >> 2;
    return Math.ceilDiv(wanted, step) * step + RECORD_BYTES;
  }

  /** What a name takes with all that hangs on it; {@code shared.lua} counts the same. */
  static final long NAME_BYTES = 1536;

  /** Header and terminator of a string in Redis. */
  private static final int OVERHEAD = 32;

  /** Keys and fields of a content and its body, as measured with {@code MEMORY USAGE}. */
  private static final int RECORD_BYTES = 1024;
}
