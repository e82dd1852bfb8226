package io.membrane.fragment.store;

import io.membrane.tenancy.Policy;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** What a {@link FragmentStore} consists of, each part made with the others that it needs. */
final class StoreParts {

  final Catalog catalog;
  final Tenants tenants;
  final MemoryTier memory;
  final RedisRoom room;
  final Removals removals;
  final FragmentReads reads;
  final FragmentPuts puts;
  final WriteBehind later;
  final ResumableUploads uploads;
  final Housekeeping housekeeping;
  final Values values;
  final Inventories inventories;
  final StoreListing listing;

  StoreParts(
      RedisConnectionFactory factory,
      StoreSettings settings,
      Policy standard,
      @Nullable Long redisCapacity,
      MemoryTier memory,
      Neighbours neighbours,
      Clock clock,
      MeterRegistry registry) {
    this.memory = memory;
    StoreMeters meters = new StoreMeters(registry);
    Uses uses = new Uses();
    RedisCalls redis = new RedisCalls(factory, registry);
    this.catalog = new Catalog(redis, settings);
    Bodies bodies = new Bodies(redis);
    this.tenants = new Tenants(redis, standard, clock);
    this.room = new RedisRoom(catalog, bodies, new RedisCapacity(redis, redisCapacity), meters);
    this.removals = new Removals(bodies, room, memory);
    Forms forms = new Forms(settings.compression(), memory);
    RedisReads redisReads = new RedisReads(catalog, bodies, memory, forms, removals, meters);
    HomeReads homeReads = new HomeReads(catalog, redisReads, memory, neighbours, meters);
    CatalogPuts names = new CatalogPuts(redis, settings);
    RedisWrites writes =
        new RedisWrites(names, bodies, room, memory, redisReads, forms, neighbours, clock);
    this.later = new WriteBehind(writes, meters, settings.writeBehind());
    this.reads =
        new FragmentReads(memory, later, catalog, redisReads, homeReads, neighbours, uses, meters);
    this.puts =
        new FragmentPuts(writes, later, memory, tenants, settings.defaultTtl(), clock, meters);
    UploadRecords records = new UploadRecords(redis);
    this.uploads = new ResumableUploads(records, bodies, tenants, room, memory, meters, puts::put);
    this.inventories = new Inventories(new NameNotes(redis), clock);
    this.listing = new StoreListing(settings, redis, catalog, redisReads);
    this.housekeeping =
        new Housekeeping(
            new Follower(catalog, memory, room),
            bodies,
            inventories,
            uses,
            catalog,
            room,
            uploads,
            new Sweep(redis, catalog, bodies, records, settings, meters));
    this.values =
        new Values(
            writes,
            redisReads,
            removals,
            catalog,
            bodies,
            redis,
            tenants,
            memory,
            room,
            uses,
            settings.defaultTtl(),
            meters);
  }
}
