package io.membrane.directory.feed;

import io.membrane.block.BlockHash;
import io.membrane.block.Namespace;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What callers said of blocks, as it stands in the log beside the events of nodes: so every replica
 * learns it, in one order. Unknown parts are passed over.
 */
public record Notes(List<UsedContext> contexts, List<DescribedChunk> chunks) {

  /** Notes past so many bytes, roughly, become an entry of their own. */
  private static final int ENTRY_BYTES = 1 << 18;

  private static final int CHUNK_BYTES = 300;

  /**
   * A session used a context.
   *
   * @param domain sharing domain of the session
   * @param last the context's last block that the domain knew
   */
  public record UsedContext(String domain, String session, BlockHash last) {

    public UsedContext {
      Objects.requireNonNull(domain, "domain");
      Objects.requireNonNull(session, "session");
      Objects.requireNonNull(last, "last");
    }
  }

  /**
   * What a block is about.
   *
   * @param domain sharing domain that was told so
   * @param chunkHash hash of its tokens wherever they stand, or null if they were not told
   * @param embedding its direction as IEEE 754 binary16, big-endian, or null if it was not told
   */
  @SuppressWarnings("ArrayRecordComponent") // made once, read once, never compared
  public record DescribedChunk(
      String domain,
      Namespace namespace,
      BlockHash block,
      @Nullable BlockHash chunkHash,
      byte @Nullable [] embedding) {

    public DescribedChunk {
      Objects.requireNonNull(domain, "domain");
      Objects.requireNonNull(namespace, "namespace");
      Objects.requireNonNull(block, "block");
    }
  }

  public Notes {
    contexts = contexts == null ? List.of() : List.copyOf(contexts);
    chunks = chunks == null ? List.of() : List.copyOf(chunks);
  }

  /** Notes of contexts alone. */
  public static Notes of(List<UsedContext> contexts) {
    return new Notes(contexts, List.of());
  }

  /** These notes in as many as it takes to keep each small enough for an entry of the log. */
  List<Notes> parts() {
    List<Notes> parts = new ArrayList<>();
    if (!contexts.isEmpty()) {
      parts.add(of(contexts));
    }
    List<DescribedChunk> some = new ArrayList<>();
    int bytes = 0;
    for (DescribedChunk chunk : chunks) {
      some.add(chunk);
      bytes += CHUNK_BYTES + (chunk.embedding() == null ? 0 : chunk.embedding().length);
      if (bytes >= ENTRY_BYTES) {
        parts.add(new Notes(List.of(), some));
        some = new ArrayList<>();
        bytes = 0;
      }
    }
    if (!some.isEmpty()) {
      parts.add(new Notes(List.of(), some));
    }
    return parts;
  }
}
