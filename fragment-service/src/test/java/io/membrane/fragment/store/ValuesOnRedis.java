package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Values through replicas over one Redis, each with a memory. */
abstract class ValuesOnRedis extends MemoryOnRedis {

  static final String DATA = "memory/n/data:1";
  static final String META = "memory/n/meta:1";

  boolean isThere(String tenant, String key) {
    return store.values().describe(tenant, key) != null;
  }

  static void put(FragmentStore store, String tenant, String key, byte[] body) {
    List<String> with =
        switch (key.substring(0, Math.min(key.length(), 14))) {
          case "memory/n/data:" -> List.of(key.replace("data:", "meta:"));
          case "memory/vllm_kv" -> List.of(key + "_meta", key + "s_meta", key + "x_meta");
          default -> List.of();
        };
    try (Claim claim = store.claim(body.length)) {
      claim.append(ByteBuffer.wrap(body));
      try (Payload payload = claim.commit()) {
        store.values().put(tenant, key, with, payload);
      }
    }
  }

  static byte @Nullable [] get(FragmentStore store, String key) {
    try (Fragment value = store.values().get(TENANT, key)) {
      return value == null ? null : bytes(value);
    }
  }

  MemoryTier tier() {
    return new MemoryTier(keepBytes(), 8 << 20, Duration.ofSeconds(2), true, Clock.systemUTC());
  }
}
