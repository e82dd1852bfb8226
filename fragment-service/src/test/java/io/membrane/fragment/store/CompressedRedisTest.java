package io.membrane.fragment.store;

import io.membrane.fragment.compression.Compression;

/** What the store promises holds for bodies that are compressed, too. */
class CompressedRedisTest extends EmbeddedRedisTest {

  @Override
  Compression compression() {
    return Compression.ZSTD;
  }
}
