package io.membrane.directory;

import static io.membrane.directory.Service.MATCH;

import io.membrane.block.BlockHash;
import io.membrane.directory.location.Entries;
import io.membrane.directory.region.RegionFollower;
import io.membrane.directory.region.Regions;
import io.membrane.fixture.RedisProcess;
import io.membrane.rpc.WireJson;
import io.membrane.wire.MatchRequest;
import io.membrane.wire.MatchResponse;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;

/** Directories of regions that follow each other, and what they say of one chain of blocks. */
final class RegionDirectories {

  static final String KEY = "what all directories know";
  static final List<BlockHash> CHAIN = Entries.chain(12);
  static final Duration LIMIT = Duration.ofSeconds(90);

  private RegionDirectories() {}

  /** Stops without waiting for the feeds that others read. */
  static Service start(RedisProcess redis, String region, String... more) {
    return startWith(KEY, redis, region, more);
  }

  /** One that may know another key than the others. */
  static Service startWith(String key, RedisProcess redis, String region, String... more) {
    return Service.ofTinyLlama(
        redis.port(),
        Stream.concat(
                Stream.of(
                    "server.shutdown=immediate",
                    "membrane.directory.region=" + region,
                    "membrane.directory.peer-key=" + key,
                    "membrane.directory.stale-after=2s",
                    "management.endpoints.web.exposure.include=health,prometheus"),
                Stream.of(more))
            .toArray(String[]::new));
  }

  static MatchResponse match(Service service) {
    String body =
        WireJson.mapper().writeValueAsString(new MatchRequest(null, null, CHAIN, null, null));
    return WireJson.mapper()
        .readValue(Service.ok(service.post(MATCH, body)).toString(), MatchResponse.class);
  }

  /** The regions that a directory follows. */
  static List<String> followed(Service service) {
    return service.bean(Regions.class).followers().stream().map(RegionFollower::region).toList();
  }

  /** The first of them. */
  static RegionFollower follower(Service service) {
    return service.bean(Regions.class).followers().getFirst();
  }

  static void await(ThrowingRunnable assertion) {
    Awaitility.await().atMost(LIMIT).ignoreExceptions().untilAsserted(assertion);
  }
}
