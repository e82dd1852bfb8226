package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.ContentDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what a process that died, or a Redis that lost something, has left behind: bodies that
 * nobody names, and names whose body is gone. Looks at every key, a page at a time; several sweeps
 * at once do no harm.
 *
 * <p>A body without a name may be one that is just being put. It goes when it is older than any put
 * may take: a put that is named later than that is refused ({@code put.lua}).
 */
final class Sweep {

  /**
   * What a sweep has removed.
   *
   * @param orphans bodies without a name, and parts without an upload
   */
  record Swept(int orphans, int dangling) {}

  private static final Logger log = LoggerFactory.getLogger(Sweep.class);
  private static final int PAGE = 256;

  private final RedisCalls redis;
  private final Catalog catalog;
  private final Bodies bodies;
  private final UploadRecords uploads;
  private final Duration oldEnough;
  private final StoreMeters meters;

  Sweep(
      RedisCalls redis,
      Catalog catalog,
      Bodies bodies,
      UploadRecords uploads,
      StoreSettings settings,
      StoreMeters meters) {
    this.redis = redis;
    this.catalog = catalog;
    this.bodies = bodies;
    this.uploads = uploads;
    this.oldEnough = settings.putWindow().multipliedBy(3).dividedBy(2);
    this.meters = meters;
  }

  Swept run() {
    List<String> orphans = new ArrayList<>();
    long before = catalog.nowMs() - oldEnough.toMillis();
    redis.scan(
        "sweep",
        RedisKeys.BODY_PREFIX + "*",
        PAGE,
        page -> {
          List<String> found = orphans(page, before);
          bodies.unlink(found);
          orphans.addAll(found);
        });
    redis.scan(
        "sweep",
        RedisKeys.UPLOAD_PREFIX + "*",
        PAGE,
        page -> orphans.addAll(partsOfNoUpload(page)));
    int[] dangling = new int[1];
    redis.scan("sweep", RedisKeys.PREFIX + "name:*", PAGE, page -> dangling[0] += dangling(page));
    if (!orphans.isEmpty() || dangling[0] > 0) {
      log.info(
          "the sweep has removed {} bodies without a name and {} names without a body",
          orphans.size(),
          dangling[0]);
    }
    meters.orphans(orphans.size());
    return new Swept(orphans.size(), dangling[0]);
  }

  private List<String> orphans(List<String> keys, long beforeMs) {
    List<String> orphans = new ArrayList<>();
    for (String key : keys) {
      String id = key.substring(RedisKeys.BODY_PREFIX.length());
      String[] parts = id.split("\\.", -1);
      if (parts.length == 3 && Long.parseLong(parts[1]) < beforeMs && !isNamed(id, parts[0])) {
        orphans.add(id);
      }
    }
    return orphans;
  }

  /** Parts are written after their upload has begun, so those without one are of no use. */
  private List<String> partsOfNoUpload(List<String> keys) {
    Map<String, List<String>> parts = new HashMap<>();
    for (String key : keys) {
      int end = key.indexOf('}');
      String id = key.substring(RedisKeys.UPLOAD_PREFIX.length() + 1, end);
      parts.computeIfAbsent(id, any -> new ArrayList<>()).add(key.substring(end + 2));
    }
    List<String> orphans = new ArrayList<>();
    parts.forEach((id, each) -> {
      if (!uploads.isOpen(id)) {
        bodies.unlinkParts(id, each);
        orphans.addAll(each);
      }
    });
    return orphans;
  }

  private boolean isNamed(String id, String digest) {
    byte @Nullable [] content =
        redis.<byte @Nullable []>call(
            "sweep", commands -> commands.get(RedisKeys.content(new ContentDigest(digest))));
    return content != null && new String(content, UTF_8).endsWith(" " + id);
  }

  /** Names that a look at them removes, and those whose body is gone. */
  private int dangling(List<String> keys) {
    List<Name> names =
        keys.stream()
            .map(k -> Name.parse(k.substring((RedisKeys.PREFIX + "name:").length())))
            .toList();
    int gone = 0;
    List<@Nullable Lookup> found = catalog.resolve(names);
    for (int i = 0; i < names.size(); i++) {
      if (found.get(i) instanceof Lookup.Whole whole && !isThere(whole.bodyId())) {
        gone += condemn(names.get(i), whole.bodyId());
      }
    }
    return gone;
  }

  private int condemn(Name name, String bodyId) {
    // It may have been exchanged for equal bytes since.
    if (catalog.resolve(List.of(name)).getFirst() instanceof Lookup.Whole again
        && again.bodyId().equals(bodyId)) {
      bodies.unlink(catalog.condemn(name, bodyId).unlink());
      meters.dangling();
      return 1;
    }
    return 0;
  }

  private boolean isThere(String bodyId) {
    return redis.<Long>call("sweep", commands -> commands.exists(RedisKeys.body(bodyId))) > 0;
  }
}
