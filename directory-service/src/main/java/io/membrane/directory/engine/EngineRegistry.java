package io.membrane.directory.engine;

import io.membrane.directory.location.Source;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.tenancy.Policies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import tools.jackson.core.JacksonException;

/**
 * The engines to follow, how far each is followed, and which replicas of the directory may follow
 * them. In Redis, so that a restart keeps them. Thread-safe; every method fails with {@link
 * ErrorCode#DEPENDENCY_UNAVAILABLE} while Redis does not answer.
 */
public final class EngineRegistry {

  /** Most engines of all tenants together. */
  public static final int MAX_ENGINES = 1_024;

  private static final Logger log = LoggerFactory.getLogger(EngineRegistry.class);
  private static final String ENGINES = "{membrane}:engines";
  private static final String STATES = "{membrane}:engines:states";
  private static final String EPOCHS = "{membrane}:engines:epochs";
  private static final String REPLICAS = "{membrane}:engines:replicas";

  private final StringRedisTemplate redis;

  private final Policies policies;

  /** As last read; null once something was changed here. */
  private volatile @Nullable Map<String, Registered> known;

  /**
   * An engine that is to be followed.
   *
   * @param source whose events its own are, by its tenant's policy as it is now
   */
  record Registered(Engine engine, Source source) {}

  /** An engine as it is or was followed. */
  record Followed(Source source, EngineState state) {}

  /**
   * The registry in the Redis that {@code connections} reach.
   *
   * @param policies say which sharing domain a tenant's engines belong to
   */
  public EngineRegistry(RedisConnectionFactory connections, Policies policies) {
    this.redis = new StringRedisTemplate(connections);
    this.policies = policies;
  }

  /**
   * Has an engine followed, or followed as it is described now.
   *
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if there are {@link #MAX_ENGINES}
   *     others; {@link ErrorCode#IMPOSSIBLE_REQUEST} if another would be the same place, or is
   *     bound to the same endpoint
   */
  public void put(Engine engine) {
    var _ = write(engine, "replace");
  }

  /**
   * Has an engine followed, as {@link #put}, but leaves another of its id as it is.
   *
   * @return whether it is new; false if the same one was there
   * @throws MembraneException also {@link ErrorCode#ENGINE_CONFLICT} if another has its id
   */
  public boolean add(Engine engine) {
    return write(engine, "keep");
  }

  private boolean write(Engine engine, String ofAnother) {
    Source source = engine.source(policies.domain(engine.tenant()));
    for (Registered registered : registered().values()) {
      Engine other = registered.engine();
      if (other.key().equals(engine.key())) {
        continue;
      }
      if (engine.bind() && other.bind() && engine.endpoint().equals(other.endpoint())) {
        throw new MembraneException(
            ErrorCode.IMPOSSIBLE_REQUEST,
            "another engine connects to %s; give each a port of its own"
                .formatted(engine.endpoint()));
      }
      if (registered.source().equals(source)) {
        throw new MembraneException(
            ErrorCode.IMPOSSIBLE_REQUEST,
            "engine %s of cluster %s is registered by a tenant that shares with this one; take"
                    .formatted(engine.id(), engine.cluster())
                + " another id");
      }
    }
    String json = WireJson.mapper().writeValueAsString(engine);
    String limit = Integer.toString(MAX_ENGINES);
    long taken =
        answered(() ->
            redis.execute(
                EngineScripts.PUT, List.of(ENGINES), engine.key(), json, limit, ofAnother));
    known = null;
    if (taken == 0) {
      throw new MembraneException(
          ErrorCode.OVERLOADED,
          "there are %d engines already; wait until one is removed".formatted(MAX_ENGINES));
    }
    if (taken < 0) {
      throw new MembraneException(
          ErrorCode.ENGINE_CONFLICT,
          "engine %s is registered, but otherwise; unregister it first".formatted(engine.id()));
    }
    return taken == 1;
  }

  /**
   * Has an engine followed no longer, and what it held forgotten; does nothing if there is none.
   */
  public void remove(String tenant, String id) {
    answered(() -> redis.opsForHash().delete(ENGINES, tenant + "/" + id));
    known = null;
  }

  /**
   * A tenant's engines as this replica last read them, which whoever follows them does twice a
   * second; asks Redis only if they were never read, or changed here since.
   */
  public List<Engine> known(String tenant) {
    Map<String, Registered> all = known;
    if (all == null) {
      all = registered();
    }
    return all.values().stream()
        .map(Registered::engine)
        .filter(engine -> engine.tenant().equals(tenant))
        .toList();
  }

  /**
   * The engines to follow, by key. Those are left out whose tenant's policy cannot be read, since
   * nobody knows who may be told of them, and those whose place another has.
   *
   * @throws MembraneException {@link ErrorCode#DEPENDENCY_UNAVAILABLE} while Redis does not answer
   */
  Map<String, Registered> registered() {
    Map<String, Registered> registered = new LinkedHashMap<>();
    Set<Source> sources = new HashSet<>();
    engines()
        .forEach((key, engine) -> {
          String domain = domain(engine);
          if (domain != null && sources.add(engine.source(domain))) {
            registered.put(key, new Registered(engine, engine.source(domain)));
          }
        });
    known = registered;
    return registered;
  }

  /** Whose events the engines' own are, of all that are to be followed or are followed yet. */
  public Set<Source> sources() {
    Set<Source> sources = new HashSet<>();
    registered().values().forEach(engine -> sources.add(engine.source()));
    followed().values().forEach(engine -> sources.add(engine.source()));
    return sources;
  }

  private @Nullable String domain(Engine engine) {
    try {
      return policies.domain(engine.tenant());
    } catch (MembraneException e) {
      if (e.code().retriable()) {
        throw e;
      }
      log.debug("engine {} is not followed: {}", engine.key(), e.getMessage());
      return null;
    }
  }

  private Map<String, Engine> engines() {
    return read(ENGINES, Engine.class);
  }

  /** The engines of all tenants. */
  public Collection<Engine> all() {
    return engines().values();
  }

  /** A tenant's engines, and how far they are followed. */
  public Map<Engine, EngineState> of(String tenant) {
    Map<String, Followed> followed = followed();
    Map<Engine, EngineState> own = new LinkedHashMap<>();
    engines()
        .forEach((key, engine) -> {
          if (engine.tenant().equals(tenant)) {
            Followed as = followed.get(key);
            own.put(engine, as == null ? EngineState.PENDING : as.state());
          }
        });
    return own;
  }

  /** Says how far engines are followed. */
  void report(Map<String, Followed> followed) {
    if (!followed.isEmpty()) {
      Map<String, String> texts = new LinkedHashMap<>();
      followed.forEach((key, as) -> texts.put(key, WireJson.mapper().writeValueAsString(as)));
      answered(() -> {
        redis.opsForHash().putAll(STATES, texts);
        return texts;
      });
    }
  }

  /** What was reported and not forgotten, by key; the engine may be removed or another by now. */
  Map<String, Followed> followed() {
    return read(STATES, Followed.class);
  }

  /** Forgets what was reported of an engine. */
  void forget(String key) {
    answered(() -> redis.opsForHash().delete(STATES, key));
  }

  /** Says that a replica lives, and for how long if it does not say so again; who else does. */
  List<String> live(String replica, Duration lease) {
    List<?> names =
        answered(() ->
            redis.execute(
                EngineScripts.LIVE, List.of(REPLICAS), replica, Long.toString(lease.toMillis())));
    return names.stream().map(String::valueOf).toList();
  }

  /** Says that a replica goes. */
  void leave(String replica) {
    answered(() -> redis.opsForZSet().remove(REPLICAS, replica));
  }

  /** An epoch of a source, at least {@code least}, that nobody was given before. */
  long nextEpoch(Source source, long least) {
    String field = "%s/%s/%s".formatted(source.domain(), source.cluster(), source.node());
    return Long.parseLong(
        answered(() ->
            redis.execute(EngineScripts.NEXT_EPOCH, List.of(EPOCHS), field, Long.toString(least))));
  }

  private <T> Map<String, T> read(String key, Class<T> type) {
    Map<Object, Object> texts = answered(() -> redis.opsForHash().entries(key));
    Map<String, T> values = new LinkedHashMap<>();
    List<Object> names = new ArrayList<>(texts.keySet());
    names.sort((a, b) -> a.toString().compareTo(b.toString()));
    for (Object name : names) {
      try {
        values.put(
            name.toString(), WireJson.mapper().readValue(String.valueOf(texts.get(name)), type));
      } catch (JacksonException e) {
        log.error("what Redis holds of engine {} cannot be read; it is left out", name, e);
      }
    }
    return values;
  }

  private static <T> T answered(Supplier<@Nullable T> command) {
    try {
      return Objects.requireNonNull(command.get());
    } catch (DataAccessException e) {
      throw new MembraneException(
          ErrorCode.DEPENDENCY_UNAVAILABLE,
          "Redis, which holds the engines, does not answer; try again",
          e);
    }
  }
}
