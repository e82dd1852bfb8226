package io.membrane.directory.engine.wire;

import io.membrane.block.Tokens;
import io.membrane.directory.engine.wire.KvEvent.AllBlocksCleared;
import io.membrane.directory.engine.wire.KvEvent.BlockRemoved;
import io.membrane.directory.engine.wire.KvEvent.BlockStored;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The fields of one event, by name or by place. */
final class EventFields {

  private static final int MAX_TIER = 64;

  /** In the order in which they are declared. */
  private static final List<String> STORED =
      List.of(
          "block_hashes",
          "parent_block_hash",
          "token_ids",
          "block_size",
          "lora_id",
          "medium",
          "lora_name",
          "extra_keys",
          "group_idx",
          "kv_cache_spec_kind");

  private static final List<String> REMOVED = List.of("block_hashes", "medium", "group_idx");

  private final MessagePackReader in;

  private @Nullable String type;
  private @Nullable List<Long> blocks;
  private @Nullable Long parent;
  private Tokens tokens = Tokens.ofInts();
  private int blockTokens;
  private boolean adapted;
  private @Nullable String adapter;
  private @Nullable String medium;
  private @Nullable String salt;
  private @Nullable List<@Nullable Object> extraKeys;
  private int group;
  private @Nullable String groupKind;

  EventFields(MessagePackReader in) {
    this.in = in;
  }

  void readMap() {
    for (int left = in.mapHeader(); left > 0; left--) {
      read(in.text());
    }
  }

  void readArray() {
    int parts = in.arrayHeader();
    String tag = in.text();
    type = tag;
    List<String> names = "BlockRemoved".equals(tag) ? REMOVED : STORED;
    for (int i = 0; i < parts - 1; i++) {
      read(i < names.size() ? names.get(i) : "");
    }
  }

  private void read(String name) {
    if (in.skipNil()) {
      return;
    }
    switch (name) {
      case "type" -> type = in.text();
      case "block_hashes" -> blocks = blockNames();
      case "parent_block_hash" -> parent = in.blockName();
      case "token_ids" -> tokens = tokenIds();
      case "block_size" -> blockTokens = in.count();
      case "lora_id" -> {
        adapted = true;
        in.skip();
      }
      case "lora_name" -> adapter = in.text();
      case "medium" -> medium = in.text();
      case "cache_salt" -> salt = in.text();
      case "extra_keys" -> extraKeys = list();
      case "group_idx" -> group = in.count();
      case "kv_cache_spec_kind" -> groupKind = in.text();
      default -> in.skip();
    }
  }

  private List<Long> blockNames() {
    int size = in.arrayHeader();
    List<Long> names = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      names.add(in.blockName());
    }
    return names;
  }

  private Tokens tokenIds() {
    int[] ids = new int[in.arrayHeader()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = in.tokenId();
    }
    return Tokens.ofInts(ids);
  }

  private List<@Nullable Object> list() {
    if (in.value() instanceof List<?> list) {
      return new ArrayList<>(list);
    }
    throw new IllegalArgumentException("extra_keys is a list");
  }

  /**
   * The event, or null if its type is not known.
   *
   * @throws IllegalArgumentException if a field that it needs is missing or says nothing
   */
  @Nullable KvEvent event() {
    return switch (type) {
      case "BlockStored" -> stored();
      case "BlockRemoved" -> new BlockRemoved(required(), tier(medium), group);
      case "AllBlocksCleared" -> new AllBlocksCleared();
      case null, default -> null;
    };
  }

  private BlockStored stored() {
    if (adapted && adapter == null) {
      throw new IllegalArgumentException("an adapter's number means nothing elsewhere");
    }
    List<Long> names = required();
    List<String> extras =
        ExtraKeys.texts(names.size(), adapter, extraKeys, parent == null ? salt : null);
    return new BlockStored(
        names, parent, tokens, blockTokens, tier(medium), extras, group, groupKind);
  }

  private List<Long> required() {
    if (blocks == null) {
      throw new IllegalArgumentException("the event names no blocks");
    }
    return blocks;
  }

  private static String tier(@Nullable String medium) {
    if (medium == null) {
      return "gpu";
    }
    if (medium.isBlank() || medium.length() > MAX_TIER) {
      throw new IllegalArgumentException("a medium is 1 to " + MAX_TIER + " characters");
    }
    return switch (medium) {
      case "CPU_PINNED" -> "cpu";
      case "STORAGE", "FS" -> "disk";
      case "OBJ", "EXTERNAL", "REMOTE" -> "object";
      default -> medium.toLowerCase(Locale.ROOT);
    };
  }
}
