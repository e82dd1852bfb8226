package io.membrane.fragment;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.hot.Headers;
import io.membrane.fragment.hot.MemoryReads;
import io.membrane.fragment.hot.Resident;
import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.Description;
import io.membrane.fragment.store.Fragment;
import io.membrane.fragment.store.FragmentStore;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/** Fragments in memory as the fast way answers them. Their headers are made once. */
final class MemoryFragments implements MemoryReads {

  private final FragmentStore store;
  private final Clock clock;

  /** By identity: a fragment that is kept has one description for as long as it is. */
  private final Cache<Description, Headers> headers =
      Caffeine.newBuilder().weakKeys().executor(Runnable::run).build();

  MemoryFragments(FragmentStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  @Override
  public @Nullable Resident find(String tenant, FragmentKey key) {
    Fragment fragment = store.resident(tenant, key);
    return fragment == null ? null : new Kept(fragment);
  }

  @Override
  public @Nullable Resident findKept(String tenant, FragmentKey key) {
    Fragment fragment = store.residentKept(tenant, key);
    return fragment == null ? null : new Kept(fragment);
  }

  private final class Kept implements Resident {

    private final Fragment fragment;

    private Kept(Fragment fragment) {
      this.fragment = fragment;
    }

    @Override
    public Payload body() {
      return fragment.body();
    }

    @Override
    public String etag() {
      return fragment.description().digest().toEtag();
    }

    @Override
    public Headers headers() {
      return headers.get(fragment.description(), FragmentHeaders::withoutLife);
    }

    @Override
    public long ttlSeconds() {
      Long left = fragment.description().secondsLeft(clock.millis());
      return left == null ? NO_TTL : left;
    }

    @Override
    public void close() {
      fragment.close();
    }
  }
}
