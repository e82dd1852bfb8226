package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.FragmentKey;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.LogEntry;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What the log says of names, as far as it is known before a script runs. */
final class NameEvents {

  private static final String TIER = "redis";

  private final String node;
  private final String cluster;
  private final byte[] removed;

  NameEvents(String node, String cluster) {
    this.node = node;
    this.cluster = cluster;
    this.removed =
        """
        {"node":%s,"cluster":%s,"domain":"@domain@","event":{"type":"removed","block_hash":"@hash@","slice":"@slice@",\
        "tier":"%s"}}\
        """
            .formatted(quoted(node), quoted(cluster), TIER)
            .getBytes(UTF_8);
  }

  /** The entry of a removal, with a place for the name. */
  byte[] removed() {
    return removed;
  }

  /**
   * The entry of a new name up to the life, which only Redis' clock tells; empty if the log does
   * not tell of it.
   */
  byte[] stored(NewName put) {
    FragmentMeta meta = put.meta();
    FragmentKey key = put.name().fragment();
    if (meta == null || key == null) {
      return new byte[0];
    }
    Event event = stored(key, meta, put.bytes(), null);
    byte[] entry =
        WireJson.mapper()
            .writeValueAsBytes(new LogEntry(node, cluster, put.name().domain(), null, null, event));
    return Arrays.copyOf(entry, entry.length - "}}".length());
  }

  /** How the log tells of a fragment. */
  static Event stored(FragmentKey key, FragmentMeta meta, long bytes, @Nullable Long expiresAtMs) {
    return new Event(
        EventType.STORED,
        meta.namespace(),
        key.hash(),
        meta.parent(),
        key.slice(),
        bytes,
        TIER,
        meta.tokenSpan(),
        expiresAtMs);
  }

  private static String quoted(String text) {
    return WireJson.mapper().writeValueAsString(text);
  }
}
