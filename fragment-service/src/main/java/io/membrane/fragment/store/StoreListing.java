package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.block.FragmentKey;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.ListingLine;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All fragments of all sharing domains in the words of the event log, for directories that lost
 * entries of it. A look at every name in Redis, a page at a time: nothing is kept. Thread-safe;
 * methods block.
 */
public final class StoreListing {

  private static final int SCAN_PAGE = 1000;
  private static final int LOOK_UP_PAGE = 500;

  private final StoreSettings settings;
  private final RedisCalls redis;
  private final Catalog catalog;
  private final NameNotes names;
  private final RedisReads reads;

  StoreListing(StoreSettings settings, RedisCalls redis, Catalog catalog, RedisReads reads) {
    this.settings = settings;
    this.redis = redis;
    this.catalog = catalog;
    this.names = new NameNotes(redis);
    this.reads = reads;
  }

  /**
   * Tells every fragment that the log told of, and that is stored all the while, at least once;
   * what comes or goes meanwhile it may miss or tell, and the log tells of that.
   *
   * @param to is given some lines at a time, in order; may throw to end it
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} if Redis does not answer, or
   *     another server has taken over meanwhile: then what was told is not all
   */
  public void tell(Consumer<List<ListingLine>> to) {
    String server = server();
    to.accept(List.of(ListingLine.begin(life(), settings.node(), settings.cluster())));
    long[] told = new long[1];
    names.forEachOfAll(
        SCAN_PAGE,
        found -> {
          for (int i = 0; i < found.size(); i += LOOK_UP_PAGE) {
            List<ListingLine> lines =
                lines(found.subList(i, Math.min(found.size(), i + LOOK_UP_PAGE)));
            told[0] += lines.size();
            to.accept(lines);
          }
        });
    if (!server.equals(server())) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "another Redis server has taken over while fragments were listed; ask again");
    }
    to.accept(List.of(ListingLine.complete(told[0])));
  }

  private List<ListingLine> lines(List<Name> found) {
    List<Name> fragments = found.stream().filter(name -> name.fragment() != null).toList();
    List<ListingLine> lines = new ArrayList<>(fragments.size());
    for (Description known : fragments.isEmpty() ? List.<Description>of() : describe(fragments)) {
      FragmentKey key = known.name().fragment();
      FragmentMeta meta = known.meta();
      if (key != null && meta != null) {
        lines.add(
            ListingLine.stored(
                known.name().domain(),
                NameEvents.stored(key, meta, known.bytes(), known.expiresAtMs())));
      }
    }
    return lines;
  }

  private List<Description> describe(List<Name> fragments) {
    List<Description> known = new ArrayList<>(fragments.size());
    for (Description one : reads.describe(fragments)) {
      if (one != null) {
        known.add(one);
      }
    }
    return known;
  }

  /** Another one after Redis has lost its data, or another server has taken over. */
  private String server() {
    return catalog.changes("", UUID.randomUUID().toString()).life();
  }

  private @Nullable String life() {
    byte[] life = redis.call("listing", c -> c.hget(RedisKeys.LOG_LIFE, "id".getBytes(UTF_8)));
    return life == null ? null : new String(life, UTF_8);
  }
}
