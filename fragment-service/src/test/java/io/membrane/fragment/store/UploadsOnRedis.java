package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.RedisProcess;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.offheap.Payload;
import io.membrane.rpc.ErrorCode;
import io.membrane.tenancy.Policy;
import io.membrane.tenancy.Sharing;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;

/** Uploads through two replicas over one Redis. */
@SuppressWarnings("NullAway.Init") // before each test
abstract class UploadsOnRedis extends StoreOnRedis {

  static final long MAX_BYTES = 4 << 20;
  static final int PART = ResumableUploads.PART_BYTES;

  private final RedisProcess process = RedisProcess.embedded();

  FragmentStore other;

  @Override
  String[] properties() {
    return process.properties();
  }

  @AfterAll
  void stop() {
    process.close();
  }

  @BeforeEach
  void openReplica() {
    other = open(memory, CAPACITY);
    store.tenants().setPolicy(TENANT, Policy.standard(Sharing.ISOLATED));
    other.tenants().setPolicy(TENANT, Policy.standard(Sharing.ISOLATED));
  }

  UploadWriter begin(FragmentKey key, @Nullable Long length, byte @Nullable [] claimed) {
    return store
        .uploads()
        .begin(
            TENANT,
            key,
            meta(null, false),
            claimed == null ? null : ContentDigest.of(claimed),
            length,
            MAX_BYTES);
  }

  static UploadWriter resume(FragmentStore through, String id, long offset) {
    UploadState state = through.uploads().resume(TENANT, id, offset, null);
    return through.uploads().writer(id, (UploadState.Open) Objects.requireNonNull(state));
  }

  /** Appends the next bytes of the body: so many, or what is left. */
  void append(UploadWriter writer, byte[] body, int bytes) {
    int from = Math.toIntExact(writer.offset());
    int n = Math.min(bytes, body.length - from);
    if (n == 0) {
      return;
    }
    try (Claim claim = store.claim(n)) {
      claim.append(ByteBuffer.wrap(body, from, n));
      try (Payload part = claim.commit()) {
        writer.append(part);
      }
    }
  }

  void isEndedWith(String id, ErrorCode code) {
    UploadState state = other.uploads().look(TENANT, id);
    assertThat(state)
        .isInstanceOfSatisfying(
            UploadState.Ended.class, ended -> assertThat(refusal(ended::answer)).isEqualTo(code));
  }

  void quota(@Nullable Long bytes, @Nullable Long fragments) {
    Policy policy = new Policy(bytes, fragments, null, Sharing.ISOLATED, null, 3);
    store.tenants().setPolicy(TENANT, policy);
    other.tenants().setPolicy(TENANT, policy);
  }

  List<byte[]> partKeys() {
    return redis.keys(RedisKeys.UPLOAD_PREFIX + "*");
  }

  /** Nobody waits for what is unlinked. */
  void partsAreGone() {
    Awaitility.await().until(() -> partKeys().isEmpty());
  }

  long storeBytes() {
    byte[] bytes = redis.hget(bytes("{membrane}:store"), bytes("bytes"));
    return Long.parseLong(new String(bytes, UTF_8));
  }

  /** What an upload leaves is its answer, which Redis forgets by itself. */
  void nothingIsLeftButTheFragment(FragmentKey key) {
    partsAreGone();
    assertThat(redis.keys("{membrane}:parts:*")).isEmpty();
    assertThat(redis.exists(bytes("{membrane}:uploads"))).isZero();
    Awaitility.await().until(() -> bodies().size() == 1);
    assertThat(storeBytes())
        .isEqualTo(RedisKeys.footprint(description(key).bytes()) + RedisKeys.NAME_BYTES);
    byte[] open = redis.hget(RedisKeys.account(TENANT), bytes("uploads"));
    assertThat(open).isEqualTo(bytes("0"));
  }
}
