package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.ContentDigest;
import io.membrane.rpc.WireJson;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** A name as it was found in Redis: whole, or damaged. */
sealed interface Lookup {

  /** It can be read. */
  record Whole(Description description, String bodyId) implements Lookup {}

  /** It cannot. */
  record Damaged(String why, String bodyId) implements Lookup {}

  /** Where {@code resolve.lua} answers what no name is without. */
  List<Integer> REQUIRED = List.of(0, 1, 2, 3, 4, 7, 8);

  /** What {@code resolve.lua} answers for a name; null if it is not there. */
  static @Nullable Lookup of(Name name, List<@Nullable Object> fields) {
    if (fields.isEmpty()) {
      return null;
    }
    String bodyId = fields.get(6) == null ? "" : Catalog.string(fields, 6);
    for (int i : REQUIRED) {
      if (fields.get(i) == null) {
        return new Damaged("a field of the name is missing", bodyId);
      }
    }
    byte[] meta = (byte[]) Objects.requireNonNull(fields.get(1));
    try {
      ContentDigest digest = new ContentDigest(Catalog.string(fields, 0));
      long bytes = Long.parseLong(Catalog.string(fields, 3));
      if (!new String(seal(name, digest, bytes, meta), UTF_8).equals(Catalog.string(fields, 2))) {
        return new Damaged("length, digest, metadata and seal do not agree", bodyId);
      }
      FragmentMeta read =
          meta.length == 0 ? null : WireJson.mapper().readValue(meta, FragmentMeta.class);
      return new Whole(
          new Description(
              name,
              read,
              digest,
              bytes,
              Forms.zstdBytes(bodyId, bytes),
              Catalog.expiry(Catalog.string(fields, 4)),
              Integer.parseInt(Catalog.string(fields, 7)),
              fields.get(5) == null ? null : Catalog.position(Catalog.string(fields, 5))),
          bodyId);
    } catch (IllegalArgumentException | JacksonException e) {
      return new Damaged("a field of the name cannot be read", bodyId);
    }
  }

  /** What ties length, digest and metadata to a name. */
  static byte[] seal(Name name, ContentDigest digest, long bytes, byte[] meta) {
    String sealed = name + "\n" + digest + "\n" + bytes + "\n" + new String(meta, UTF_8);
    return Catalog.text(ContentDigest.of(sealed.getBytes(UTF_8)).hex());
  }
}
