package io.membrane.fragment.store;

import static io.membrane.fragment.store.ScriptValues.string;
import static io.membrane.fragment.store.ScriptValues.strings;
import static io.membrane.fragment.store.ScriptValues.stringsGiven;
import static io.membrane.fragment.store.ScriptValues.text;

import io.membrane.block.ContentDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which names there are in Redis, and the notes that it takes of what changes. Thread-safe. */
final class NameNotes {

  /**
   * What has changed.
   *
   * @param life another after Redis has lost its data, or another server has taken over
   * @param last id of the last note told
   * @param isWhole whether nothing is missing between the notes asked for and these
   * @param names what has come, gone or changed, {@value #MOST} at most
   */
  record Notes(String life, String last, boolean isWhole, List<Name> names) {}

  static final int MOST = 1000;

  private static final String NAMES = RedisKeys.PREFIX + "name:";

  private final RedisCalls redis;

  NameNotes(RedisCalls redis) {
    this.redis = redis;
  }

  /**
   * What has changed since then.
   *
   * @param last id of the last note known; empty for none
   * @param keep how long notes are taken from now on
   */
  Notes since(String last, Duration keep) {
    List<@Nullable Object> answer =
        redis.script(Script.NOTES, text(last), text(UUID.randomUUID()), text(keep.toMillis()));
    return new Notes(
        string(answer, 0),
        string(answer, 1),
        Long.valueOf(1).equals(answer.get(2)),
        stringsGiven(answer, 3).stream().map(Name::parse).toList());
  }

  /** The digest of each name, in order; null for one that is not there or has ended. */
  List<@Nullable ContentDigest> digests(List<Name> names) {
    List<@Nullable ContentDigest> digests = new ArrayList<>(names.size());
    byte[][] members = names.stream().map(Name::bytes).toArray(byte[][]::new);
    for (String digest : strings(redis.script(Script.DIGESTS, members), 0)) {
      digests.add(digest.isEmpty() ? null : new ContentDigest(digest));
    }
    return digests;
  }

  /** Visits every name of a domain that is there all the while, a page at a time. */
  void forEach(String domain, int page, Consumer<List<Name>> visitor) {
    String glob = NAMES + domain.replaceAll("[*?\\[\\]\\\\]", "\\\\$0") + "/*";
    forEach("inventory", glob, page, visitor);
  }

  /** As {@link #forEach}, of all domains. */
  void forEachOfAll(int page, Consumer<List<Name>> visitor) {
    forEach("listing", NAMES + "*", page, visitor);
  }

  private void forEach(String call, String glob, int page, Consumer<List<Name>> visitor) {
    redis.scan(
        call,
        glob,
        page,
        keys ->
            visitor.accept(
                keys.stream().map(key -> Name.parse(key.substring(NAMES.length()))).toList()));
  }
}
