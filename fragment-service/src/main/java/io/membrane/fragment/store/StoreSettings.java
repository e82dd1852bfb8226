package io.membrane.fragment.store;

import io.membrane.fragment.compression.Compression;
import java.time.Duration;

/**
 * Where a store stands and what it does by default.
 *
 * @param node its name in the log; replicas that share a Redis share it
 * @param cluster the node's cluster in the log
 * @param defaultTtl life of a fragment that names none and is not pinned
 * @param logLength entries that the log keeps, at least
 * @param putWindow how long a put may take from its first write to its last
 * @param writeBehind bytes that {@link FragmentStore#putLater} may hold; 0: it takes none
 * @param compression how this replica writes bodies to Redis
 */
public record StoreSettings(
    String node,
    String cluster,
    Duration defaultTtl,
    long logLength,
    Duration putWindow,
    long writeBehind,
    Compression compression) {}
