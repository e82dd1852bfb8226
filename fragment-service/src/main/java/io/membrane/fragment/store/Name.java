package io.membrane.fragment.store;

import io.membrane.block.BlockHash;
import io.membrane.block.FragmentKey;
import io.membrane.wire.FragmentClient.FragmentMeta;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a payload is called, and in which sharing domain. Text form, as it stands in Redis: {@code
 * <domain>/<key>}. Immutable; made for every key of a batch, so its text is made when it is asked
 * for.
 */
public final class Name implements Comparable<Name> {

  private final String domain;

  /** A {@link FragmentKey}, or the text of whatever else the domain's names are. */
  private final Object key;

  private Name(String domain, Object key) {
    if (domain.isEmpty() || domain.indexOf('/') >= 0) {
      throw new IllegalArgumentException("no domain: '" + domain + "'");
    }
    this.domain = domain;
    this.key = key;
  }

  /**
   * The name of a fragment.
   *
   * @param domain who may see it: a domain's text form, without a slash
   */
  public static Name of(String domain, FragmentKey key) {
    return new Name(domain, key);
  }

  /**
   * The name of something else than a fragment.
   *
   * @param key begins with a word that is shorter or longer than a hash, and a slash
   */
  public static Name of(String domain, String key) {
    if (key.isEmpty() || isFragment(key)) {
      throw new IllegalArgumentException("no name of a value: '" + key + "'");
    }
    return new Name(domain, key);
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Name parse(String text) {
    int slash = text.indexOf('/');
    String domain = text.substring(0, Math.max(0, slash));
    String key = text.substring(slash + 1);
    return isFragment(key) ? of(domain, FragmentKey.parse(key)) : of(domain, key);
  }

  private static boolean isFragment(String key) {
    return key.indexOf('/') == 2 * BlockHash.BYTES;
  }

  /** The domain that it belongs to. */
  public String domain() {
    return domain;
  }

  /** The fragment's key; null if it is something else's name. */
  public @Nullable FragmentKey fragment() {
    return key instanceof FragmentKey fragment ? fragment : null;
  }

  /** The fragment without which this one is of no use; null if there is none. */
  @Nullable Name parent(@Nullable FragmentMeta meta) {
    return !(key instanceof FragmentKey fragment) || meta == null || meta.parent() == null
        ? null
        : of(domain, new FragmentKey(meta.parent(), fragment.slice()));
  }

  byte[] bytes() {
    return toString().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Name name && domain.equals(name.domain) && key.equals(name.key);
  }

  @Override
  public int hashCode() {
    return 31 * hashOfKey() + domain.hashCode();
  }

  /** The same in every process, which a record with an enum's is not. */
  private int hashOfKey() {
    return key instanceof FragmentKey fragment
        ? 31 * fragment.hash().hashCode()
            + 127 * fragment.slice().firstLayer()
            + fragment.slice().rank()
        : key.hashCode();
  }

  /** By the text; so maps find names in a few steps even if somebody makes all of them collide. */
  @Override
  public int compareTo(Name other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return domain + "/" + key;
  }
}
