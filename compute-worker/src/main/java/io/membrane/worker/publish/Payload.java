package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import org.jspecify.annotations.Nullable;

/** A slice of one block. The bytes are not copied and must not be changed. */
final class Payload {

  private final FragmentKey key;
  private final @Nullable BlockHash parent;
  private final TokenSpan span;
  private final byte[] bytes;
  private final ContentDigest digest;

  Payload(FragmentKey key, @Nullable BlockHash parent, TokenSpan span, byte[] bytes) {
    this.key = key;
    this.parent = parent;
    this.span = span;
    this.bytes = bytes;
    this.digest = ContentDigest.of(bytes);
  }

  FragmentKey key() {
    return key;
  }

  BlockHash hash() {
    return key.hash();
  }

  @Nullable BlockHash parent() {
    return parent;
  }

  TokenSpan span() {
    return span;
  }

  byte[] bytes() {
    return bytes;
  }

  ContentDigest digest() {
    return digest;
  }
}
