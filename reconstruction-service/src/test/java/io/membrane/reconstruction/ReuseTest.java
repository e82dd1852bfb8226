package io.membrane.reconstruction;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policies;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Reuse;
import io.membrane.tenancy.Sharing;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.ReconstructionClient.Fidelity;
import io.membrane.wire.ReconstructionClient.Source;
import java.util.List;
import org.assertj.core.groups.Tuple;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Prompts some blocks of which are stored behind other tokens, of tenants that allow their use. */
abstract class ReuseTest extends FleetTest {

  @Autowired StringRedisTemplate redis;

  void allow(String tenant, Reuse reuse) {
    Policy policy =
        new Policy(null, null, null, Sharing.ISOLATED, null, Policy.DEFAULT_CLASS, reuse);
    redis.opsForValue().set(Policies.key(tenant), WireJson.mapper().writeValueAsString(policy));
  }

  static PrefillRequest lastPrefill() {
    return WireJson.mapper()
        .readValue(FLEET.local.peer.calls("/v1/prefill").getLast().body(), PrefillRequest.class);
  }

  static Tuple tuple(int from, int to, Source source, @Nullable Fidelity fidelity) {
    return Tuple.tuple(new TokenSpan(from, to), source, fidelity);
  }

  /** Stores a block at the local cluster. */
  static void put(BlockHash hash) {
    FLEET.put("local", key(hash), MiniFleet.kv(hash, MiniWorker.PAYLOAD_BYTES));
  }

  static FragmentKey key(BlockHash hash) {
    return new FragmentKey(hash, MiniFleet.SLICE);
  }

  static Tokens block(Tokens prompt, int block) {
    return prompt.slice(block * 16, block * 16 + 16);
  }

  static List<BlockHash> chain(String tenant, Tokens tokens) {
    return BlockHasher.chain(FLEET.root(MiniFleet.NAMESPACE, tenant), 16, tokens);
  }
}
