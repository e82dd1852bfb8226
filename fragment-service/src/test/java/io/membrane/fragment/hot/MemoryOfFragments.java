package io.membrane.fragment.hot;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.OffHeap;
import io.membrane.fragment.offheap.Payload;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A memory tier that only keeps. */
final class MemoryOfFragments implements MemoryReads, AutoCloseable {

  static final long TTL_SECONDS = 77;

  private final OffHeap offHeap = new OffHeap(64 << 20);
  private final Map<Owned, Kept> kept = new ConcurrentHashMap<>();

  private record Owned(String tenant, FragmentKey key) {}

  private record Kept(Payload payload, String etag, Headers headers) {}

  private record Leased(Payload body, String etag, Headers headers) implements Resident {
    @Override
    public long ttlSeconds() {
      return TTL_SECONDS;
    }

    @Override
    public void close() {
      body.close();
    }
  }

  /** Keeps a fragment; its {@code ETag}. */
  String keep(String tenant, FragmentKey key, byte[] bytes) {
    ContentDigest digest = ContentDigest.of(bytes);
    try (Claim claim = Objects.requireNonNull(offHeap.tryClaim(bytes.length))) {
      claim.append(ByteBuffer.wrap(bytes));
      Headers headers =
          Headers.of(
              List.of(
                  Header.of("ETag", digest.toEtag()),
                  Header.of("Repr-Digest", digest.toReprDigest()),
                  Header.of("Membrane-Parent", "root")));
      kept.put(new Owned(tenant, key), new Kept(claim.commit(), digest.toEtag(), headers));
    }
    return digest.toEtag();
  }

  /** Forgets a fragment, which stays while it is read. */
  void forget(String tenant, FragmentKey key) {
    Objects.requireNonNull(kept.remove(new Owned(tenant, key))).payload().close();
  }

  @Override
  public @Nullable Resident find(String tenant, FragmentKey key) {
    Kept found = kept.get(new Owned(tenant, key));
    return found == null
        ? null
        : new Leased(found.payload().retain(), found.etag(), found.headers());
  }

  @Override
  public @Nullable Resident findKept(String tenant, FragmentKey key) {
    return find(tenant, key);
  }

  OffHeap offHeap() {
    return offHeap;
  }

  @Override
  public void close() {
    kept.values().forEach(k -> k.payload().close());
    offHeap.close();
  }
}
