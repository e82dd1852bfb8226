package io.membrane.fragment.compression;

/** How bodies are written to Redis. Read is whatever lies there. */
public enum Compression {
  /** As they are. */
  NONE,
  /** As zstd where that is shorter by a worthwhile part, else as they are. */
  ZSTD
}
