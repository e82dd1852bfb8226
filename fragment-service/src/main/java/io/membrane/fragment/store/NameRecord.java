package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.ContentDigest;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * What Redis keeps of a name, as one text: the scripts write its beginning, which changes, and read
 * that alone wherever they can. The fields are {@link RedisKeys}'.
 *
 * <pre>
 *  0                 14  18            83
 *  +-----------------+---+-------------+------------+----------+-----------+
 *  | expires         |use| digest      | generation | position | announced |
 *  | 13 digits       |s 3| 64 digits   |            |          | 1 or 0    |
 *  +-----------------+---+-+-----------+---+--------+----------+-----------+
 *  | class | weight | bytes | owner \n     |   and between all of them a space
 *  +-------+--------+-------+---------------+
 *  | seal, 64 digits \n | meta, JSON \n | with: names, each but the first after a \n
 *  +-------------------+--------------+--------
 * </pre>
 */
final class NameRecord {

  private static final int FIELDS = 10;

  private NameRecord() {}

  /** All that follows the position. */
  static byte[] tail(NewName put, double weight, boolean announced) {
    String meta = meta(put.meta());
    return ScriptValues.text(
        " "
            + (announced ? '1' : '0')
            + ' '
            + put.policy().priorityClass()
            + ' '
            + weight
            + ' '
            + put.bytes()
            + ' '
            + put.owner()
            + '\n'
            + seal(put.name(), put.digest(), put.bytes(), meta)
            + '\n'
            + meta
            + '\n'
            + String.join("\n", put.with().stream().map(Name::toString).toList()));
  }

  /**
   * Reads a record.
   *
   * @param bodyId what its content says; null if that is not there
   */
  static Lookup read(Name name, byte[] record, @Nullable String bodyId) {
    String damaged = bodyId == null ? "" : bodyId;
    String[] lines = new String(record, UTF_8).split("\n", 4);
    List<String> fields = List.of(lines[0].split(" ", -1));
    if (bodyId == null || lines.length != 4 || fields.size() != FIELDS) {
      return new Lookup.Damaged("a field of the name is missing", damaged);
    }
    try {
      ContentDigest digest = new ContentDigest(fields.get(2));
      long bytes = Long.parseLong(fields.get(8));
      if (!seal(name, digest, bytes, lines[2]).equals(lines[1])) {
        return new Lookup.Damaged("length, digest, metadata and seal do not agree", damaged);
      }
      return new Lookup.Whole(
          new Description(
              name,
              lines[2].isEmpty() ? null : WireJson.mapper().readValue(lines[2], FragmentMeta.class),
              digest,
              bytes,
              Forms.zstdBytes(bodyId, bytes),
              expiry(fields.get(0)),
              Integer.parseInt(fields.get(6)),
              position(fields.get(4))),
          bodyId);
    } catch (IllegalArgumentException | JacksonException e) {
      return new Lookup.Damaged("a field of the name cannot be read", damaged);
    }
  }

  static @Nullable Long expiry(String expires) {
    long ms = Long.parseLong(expires);
    return ms == 0 ? null : ms;
  }

  static @Nullable String position(String position) {
    return position.isEmpty() ? null : position;
  }

  private static String meta(@Nullable FragmentMeta meta) {
    return meta == null
        ? ""
        : WireJson.mapper()
            .writeValueAsString(
                new FragmentMeta(
                    meta.namespace(),
                    meta.parent(),
                    meta.tokenSpan(),
                    meta.signature(),
                    null,
                    false));
  }

  /** What ties length, digest and metadata to a name. */
  private static String seal(Name name, ContentDigest digest, long bytes, String meta) {
    String sealed = name + "\n" + digest + "\n" + bytes + "\n" + meta;
    return ContentDigest.of(sealed.getBytes(UTF_8)).hex();
  }
}
