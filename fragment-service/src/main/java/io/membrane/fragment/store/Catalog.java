package io.membrane.fragment.store;

import static io.membrane.fragment.store.ScriptValues.list;
import static io.membrane.fragment.store.ScriptValues.string;
import static io.membrane.fragment.store.ScriptValues.strings;
import static io.membrane.fragment.store.ScriptValues.stringsGiven;
import static io.membrane.fragment.store.ScriptValues.text;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The names in Redis: which there are, what they refer to, whom they are charged to, in which order
 * they go. Each method is one script and changes all of that or nothing; see {@link RedisKeys}.
 *
 * <p>Bodies that lose their last name are in the answers, for {@link Bodies#unlink}.
 */
final class Catalog {

  /** Answer to a removal. */
  record Removed(@Nullable String logPosition, long storeBytes, List<String> unlink) {}

  /** Answer to a trim: names that had ended and names that had to go. */
  record Trimmed(long storeBytes, long expired, long evicted, List<String> unlink) {}

  /**
   * What has changed.
   *
   * @param life another after Redis has lost its data, or another server has taken over
   * @param ever changes there have been in this life
   * @param last id of the last one told
   * @param names what has changed, {@value #MOST_CHANGES} at most
   */
  record Changes(String life, long ever, long storeBytes, String last, List<Name> names) {}

  static final int MOST_CHANGES = 1000;

  private final RedisCalls redis;
  private final byte[] removedEvent;
  private final byte[] logLength;

  Catalog(RedisCalls redis, StoreSettings settings) {
    this.redis = redis;
    this.logLength = text(settings.logLength());
    this.removedEvent = new NameEvents(settings.node(), settings.cluster()).removed();
  }

  /** What is known of each name, in order; null for each that is not there. */
  List<@Nullable Lookup> resolve(List<Name> names) {
    List<@Nullable Object> answer = redis.script(Script.RESOLVE, eventAnd(names));
    List<@Nullable Lookup> found = new ArrayList<>(names.size());
    for (int i = 0; i < names.size(); i++) {
      found.add(Lookup.of(names.get(i), list(answer, i)));
    }
    return found;
  }

  /** Which of the names there are, in order. */
  List<Boolean> exists(List<Name> names) {
    byte[][] arguments = names.stream().map(Name::bytes).toArray(byte[][]::new);
    return redis.script(Script.EXISTS, arguments).stream()
        .map(found -> Long.valueOf(1).equals(found))
        .toList();
  }

  /**
   * Removes a name for a tenant.
   *
   * @throws MembraneException {@link ErrorCode#FORBIDDEN} if it is another tenant's
   */
  Removed delete(Name name, String tenant) {
    return delete(name, tenant, "");
  }

  /** Removes a name whose bytes or fields are not what was stored, and the content with it. */
  Removed condemn(Name name, String bodyId) {
    return delete(name, "", bodyId);
  }

  private Removed delete(Name name, String tenant, String bodyId) {
    List<@Nullable Object> answer =
        redis.script(
            Script.DELETE,
            name.bytes(),
            text(tenant),
            name.fragment() == null ? new byte[0] : removedEvent,
            logLength,
            text(bodyId));
    if (string(answer, 0).equals("FORBIDDEN")) {
      throw new MembraneException(
          ErrorCode.FORBIDDEN, "another tenant has stored it; only that tenant can remove it");
    }
    return new Removed(
        NameRecord.position(string(answer, 1)),
        Long.parseLong(string(answer, 2)),
        stringsGiven(answer, 3));
  }

  /**
   * Removes names, whoever has stored them.
   *
   * @return in {@code evicted}, how many went, with those that went with them
   */
  Trimmed flush(List<Name> names) {
    List<@Nullable Object> answer = redis.script(Script.FLUSH, eventAnd(names));
    return new Trimmed(
        Long.parseLong(string(answer, 1)),
        0,
        (Long) Objects.requireNonNull(answer.get(0)),
        stringsGiven(answer, 2));
  }

  /** Removes what has ended, and what ranks lowest until the store takes {@code most} bytes. */
  Trimmed trim(long most, int names) {
    List<@Nullable Object> answer =
        redis.script(Script.TRIM, text(most), text(names), removedEvent, logLength);
    return new Trimmed(
        Long.parseLong(string(answer, 0)),
        (Long) Objects.requireNonNull(answer.get(1)),
        (Long) Objects.requireNonNull(answer.get(2)),
        stringsGiven(answer, 3));
  }

  /**
   * Keeps a tenant's names from eviction until a pin ends; what the pin kept before is kept no
   * more.
   *
   * @param lasts zero: it ends now
   * @return which are kept, in order: those that are there and the tenant's own
   */
  List<Boolean> pin(String tenant, String pin, Duration lasts, List<Name> names) {
    List<byte[]> arguments = new ArrayList<>(3 + names.size());
    arguments.add(text(tenant + "/" + pin));
    arguments.add(text(tenant));
    arguments.add(text(lasts.toMillis()));
    names.forEach(name -> arguments.add(name.bytes()));
    return redis.script(Script.PIN, arguments.toArray(byte[][]::new)).stream()
        .map(kept -> Long.valueOf(1).equals(kept))
        .toList();
  }

  /** Counts uses of names. */
  void touch(Map<Name, Integer> uses) {
    List<byte[]> arguments = new ArrayList<>(2 * uses.size());
    uses.forEach((name, times) -> {
      arguments.add(name.bytes());
      arguments.add(text(times));
    });
    redis.script(Script.TOUCH, arguments.toArray(byte[][]::new));
  }

  /**
   * What has changed since then.
   *
   * @param last id of the last change known; empty to hear where the last is
   * @param newLife what this life of the store is called if it has no name yet
   */
  Changes changes(String last, String newLife) {
    List<@Nullable Object> answer = redis.script(Script.CHANGES, text(last), text(newLife));
    return new Changes(
        string(answer, 0),
        Long.parseLong(string(answer, 1)),
        Long.parseLong(string(answer, 2)),
        string(answer, 3),
        strings(answer, 4).stream().map(Name::parse).toList());
  }

  /** Milliseconds, by the clock that a put's age is measured with; not each node of a cluster's. */
  long nowMs() {
    return Long.parseLong(string(redis.script(Script.CLOCK), 0));
  }

  /** What a script takes that may remove names. */
  private byte[][] eventAnd(List<Name> names) {
    byte[][] arguments = new byte[2 + names.size()][];
    arguments[0] = removedEvent;
    arguments[1] = logLength;
    for (int i = 0; i < names.size(); i++) {
      arguments[2 + i] = names.get(i).bytes();
    }
    return arguments;
  }
}
