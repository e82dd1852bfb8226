package io.membrane.worker.publish;

import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.TokenSpan;
import org.jspecify.annotations.Nullable;

/** The KV of one block. The bytes are not copied and must not be changed. */
final class Payload {

  private final BlockHash hash;
  private final @Nullable BlockHash parent;
  private final TokenSpan span;
  private final byte[] bytes;
  private final ContentDigest digest;

  Payload(BlockHash hash, @Nullable BlockHash parent, TokenSpan span, byte[] bytes) {
    this.hash = hash;
    this.parent = parent;
    this.span = span;
    this.bytes = bytes;
    this.digest = ContentDigest.of(bytes);
  }

  BlockHash hash() {
    return hash;
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
