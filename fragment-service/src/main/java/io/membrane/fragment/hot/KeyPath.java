package io.membrane.fragment.hot;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code /v1/fragments/<hash>/<slice>}, in one pass and without a pattern. Accepts exactly
 * what {@link FragmentKey#parse} does, and no escapes.
 */
public final class KeyPath {

  private static final String PREFIX = "/v1/fragments/";
  private static final int HASH_END = PREFIX.length() + 2 * BlockHash.BYTES;
  private static final int MAX_DIGITS = 6;
  private static final int NO_NUMBER = -1;

  private final String path;
  private int at;

  private KeyPath(String path, int at) {
    this.path = path;
    this.at = at;
  }

  /** The key, or null if this is not the path of a well-formed one. */
  public static @Nullable FragmentKey parse(String path) {
    if (path.length() <= HASH_END
        || path.charAt(HASH_END) != '/'
        || !path.startsWith(PREFIX)
        || !isHash(path)) {
      return null;
    }
    Slice slice = new KeyPath(path, HASH_END + 1).slice();
    return slice == null ? null : new FragmentKey(hash(path), slice);
  }

  private static boolean isHash(String path) {
    for (int i = PREFIX.length(); i < HASH_END; i++) {
      char c = path.charAt(i);
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
        return false;
      }
    }
    return true;
  }

  private static BlockHash hash(String path) {
    int from = PREFIX.length();
    return new BlockHash(
        HexFormat.fromHexDigitsToLong(path, from, from + 16),
        HexFormat.fromHexDigitsToLong(path, from + 16, from + 32),
        HexFormat.fromHexDigitsToLong(path, from + 32, from + 48),
        HexFormat.fromHexDigitsToLong(path, from + 48, from + 64));
  }

  private @Nullable Slice slice() {
    Slice.Kind kind = skip("attn.") ? Slice.Kind.ATTN : skip("state.") ? Slice.Kind.STATE : null;
    int first = number();
    boolean formed = skip("-");
    int last = number();
    formed &= skip(".");
    int rank = number();
    formed &= skip("of");
    int size = number();
    return kind == null
            || !formed
            || at < path.length()
            || first == NO_NUMBER
            || last < first
            || rank == NO_NUMBER
            || size <= rank
        ? null
        : new Slice(kind, first, last, rank, size);
  }

  private boolean skip(String text) {
    boolean there = path.startsWith(text, at);
    at += there ? text.length() : 0;
    return there;
  }

  /** A number of at most six digits without leading zeros. */
  private int number() {
    int from = at;
    int value = 0;
    while (at < path.length() && at - from < MAX_DIGITS && isDigit(path.charAt(at))) {
      value = 10 * value + path.charAt(at++) - '0';
    }
    boolean canonical = at > from && (at == from + 1 || path.charAt(from) != '0');
    return canonical ? value : NO_NUMBER;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
