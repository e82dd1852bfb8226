package io.membrane.benchmarks.eviction;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/** Caffeine as it is: W-TinyLFU whose window a hill climber resizes. */
final class CaffeineCache implements BlockCache {

  private final Cache<Integer, Integer> cache;

  CaffeineCache(Load load, long capacity) {
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(capacity)
            .weigher((Integer block, Integer bytes) -> load.bytes(block))
            .executor(Runnable::run)
            .build();
  }

  @Override
  public boolean holds(int block) {
    return cache.asMap().containsKey(block);
  }

  @Override
  public void hit(int block) {
    if (cache.getIfPresent(block) != null) {
      cache.cleanUp();
    }
  }

  @Override
  public void insert(int block) {
    cache.put(block, block);
    cache.cleanUp();
  }
}
