package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * The Redis hash that holds a fragment. Its key is {@code membrane:fragment:{<block hash>}/<slice>}
 * (the braces keep the slices of a block on one node of a Redis Cluster), its fields are
 *
 * <pre>
 *  body      the bytes
 *  digest    SHA-256 of body, 64 hex digits
 *  meta      JSON of FragmentMeta, without its life
 *  seal      SHA-256 of key ‖ LF ‖ digest ‖ LF ‖ length of body ‖ LF ‖ meta: binds them together
 *  expires   Unix time in ms at which Redis drops the hash; 0: never
 *  pending   1 while the log may not know of the fragment as it is
 *  position  id of the log entry that tells of it
 * </pre>
 *
 * The first four never change. A fragment without a pin always expires, so that a Redis with {@code
 * maxmemory-policy volatile-lru} drops fragments when it is full, and never a pin or the log.
 */
final class FragmentHash {

  static final byte[] BODY = "body".getBytes(US_ASCII);

  /** Fields of a description, in the order of {@link #describe}. */
  private static final List<String> DESCRIPTION =
      List.of("digest", "meta", "seal", "expires", "pending", "position");

  private FragmentHash() {}

  static byte[] key(FragmentKey key) {
    return ("membrane:fragment:{" + key.hash().hex() + "}/" + key.slice()).getBytes(US_ASCII);
  }

  /** {@code body} and the fields of a description. */
  static byte[][] everyField() {
    byte[][] fields = new byte[1 + DESCRIPTION.size()][];
    fields[0] = BODY;
    for (int i = 0; i < DESCRIPTION.size(); i++) {
      fields[1 + i] = DESCRIPTION.get(i).getBytes(US_ASCII);
    }
    return fields;
  }

  /** The metadata without its life, which {@code expires} tells. */
  static byte[] meta(FragmentMeta meta) {
    return WireJson.mapper()
        .writeValueAsBytes(
            new FragmentMeta(
                meta.namespace(), meta.parent(), meta.tokenSpan(), meta.signature(), null, false));
  }

  static byte[] seal(FragmentKey key, ContentDigest digest, long bytes, byte[] meta) {
    String sealed = key + "\n" + digest + "\n" + bytes + "\n" + new String(meta, UTF_8);
    return ContentDigest.of(sealed.getBytes(UTF_8)).hex().getBytes(US_ASCII);
  }

  /**
   * Reads the fields of a description.
   *
   * @param bytes length of the body
   * @return null if there is no fragment
   * @throws DamagedException if there is something else
   */
  static Fragment.@Nullable Description describe(
      FragmentKey key, long bytes, List<byte @Nullable []> fields, Clock clock)
      throws DamagedException {
    if (bytes == 0 && fields.stream().allMatch(Objects::isNull)) {
      return null;
    }
    byte[] meta = required(fields, 1);
    byte @Nullable [] position = fields.get(4) == null ? fields.get(5) : null;
    try {
      ContentDigest digest = new ContentDigest(text(required(fields, 0)));
      if (!text(seal(key, digest, bytes, meta)).equals(text(required(fields, 2)))) {
        throw new DamagedException("length, digest, metadata and seal do not belong together");
      }
      long expires = Long.parseLong(text(required(fields, 3)));
      return new Fragment.Description(
          key,
          withLife(WireJson.mapper().readValue(meta, FragmentMeta.class), expires, clock),
          digest,
          bytes,
          expires == 0 ? null : expires,
          position == null ? null : text(position));
    } catch (IllegalArgumentException | JacksonException e) {
      throw new DamagedException("a field cannot be read", e);
    }
  }

  /**
   * Reads everything.
   *
   * @param fields values of {@link #everyField}
   * @return null if there is no fragment
   * @throws DamagedException if there is something else
   */
  static @Nullable Fragment fragment(FragmentKey key, List<byte @Nullable []> fields, Clock clock)
      throws DamagedException {
    byte @Nullable [] body = fields.getFirst();
    Fragment.Description description =
        describe(key, body == null ? 0 : body.length, fields.subList(1, fields.size()), clock);
    if (description == null) {
      return null;
    }
    if (body == null || !ContentDigest.of(body).equals(description.digest())) {
      throw new DamagedException("the bytes do not have the digest " + description.digest());
    }
    return new Fragment(description, body);
  }

  static String text(byte[] field) {
    return new String(field, UTF_8);
  }

  private static byte[] required(List<byte @Nullable []> fields, int index)
      throws DamagedException {
    byte @Nullable [] field = fields.get(index);
    if (field == null) {
      throw new DamagedException("the field " + DESCRIPTION.get(index) + " is missing");
    }
    return field;
  }

  private static FragmentMeta withLife(FragmentMeta meta, long expires, Clock clock) {
    long secondsLeft = Math.max(1, Math.ceilDiv(expires - clock.millis(), 1000L));
    return new FragmentMeta(
        meta.namespace(),
        meta.parent(),
        meta.tokenSpan(),
        meta.signature(),
        expires == 0 ? null : secondsLeft,
        expires == 0);
  }
}
