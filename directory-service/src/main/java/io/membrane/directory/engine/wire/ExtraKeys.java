package io.membrane.directory.engine.wire;

import io.membrane.rpc.WireJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What besides tokens shapes a block, as the text that its hash takes in.
 *
 * <p>The text is empty if there is nothing; else a JSON array without spaces: the adapter as {@code
 * {"lora":"name"}}, then the engine's other keys as it gives them, for example {@code
 * [{"lora":"ada"},["<picture's hash>",3],"<salt>"]}. vLLM publishes the adapter's name among the
 * keys as well; it is not written twice. SGLang gives adapter and salt as fields of the event; the
 * salt is a key of a prompt's first block, as in vLLM.
 */
public final class ExtraKeys {

  private ExtraKeys() {}

  /**
   * The text of a block that only an adapter and a salt shape besides its tokens.
   *
   * @param adapter null or empty for none
   * @param salt of a prompt's first block; null or empty for none
   */
  public static String of(@Nullable String adapter, @Nullable String salt) {
    return text(adapter == null || adapter.isEmpty() ? null : adapter, null, salt);
  }

  /**
   * A text for each block, or none if all are empty.
   *
   * @param adapter of all blocks, or null
   * @param keys a list, one key or null for each block; null if the engine gives none
   * @param salt of the first block, or null
   * @throws IllegalArgumentException if there are keys for another number of blocks
   */
  static List<String> texts(
      int blocks,
      @Nullable String adapter,
      @Nullable List<@Nullable Object> keys,
      @Nullable String salt) {
    if (adapter == null && keys == null && salt == null) {
      return List.of();
    }
    if (keys != null && keys.size() != blocks) {
      throw new IllegalArgumentException("extra keys for another number of blocks");
    }
    List<String> texts = new ArrayList<>(blocks);
    for (int i = 0; i < blocks; i++) {
      texts.add(text(adapter, keys == null ? null : keys.get(i), i == 0 ? salt : null));
    }
    return texts.stream().allMatch(String::isEmpty) ? List.of() : texts;
  }

  private static String text(
      @Nullable String adapter, @Nullable Object keys, @Nullable String salt) {
    List<@Nullable Object> all = new ArrayList<>();
    switch (keys) {
      case null -> {}
      case List<?> several -> all.addAll(several);
      case Object one -> all.add(one);
    }
    if (adapter != null) {
      if (!all.isEmpty() && adapter.equals(all.getFirst())) {
        all.removeFirst();
      }
      all.addFirst(Map.of("lora", adapter));
    }
    if (salt != null && !salt.isEmpty()) {
      all.addLast(salt);
    }
    return all.isEmpty() ? "" : WireJson.mapper().writeValueAsString(all);
  }
}
