package io.membrane.directory;

/** Names of this service's metrics; the names are an interface. */
enum DirectoryMetric {
  /** Gauge: blocks in the image. */
  BLOCKS("membrane.directory.blocks"),
  /** Gauge: nodes that hold a copy of any block. */
  NODES("membrane.directory.nodes"),
  /** Gauge: copies of fragments in the image, over all places. */
  COPIES("membrane.directory.copies"),
  /** Gauge, seconds: age of the newest log entry when the image took it in, by Redis' clock. */
  LOG_LAG("membrane.directory.log.lag"),
  /** Gauge: 1 while the image holds all that the log holds, otherwise 0. */
  LOG_CAUGHT_UP("membrane.directory.log.caught.up"),
  /** Counter of the log's events read; tag {@code outcome}: applied, seen, outdated, skipped. */
  LOG_ENTRIES("membrane.directory.log.entries"),
  /** Counter of gaps in the numbers of nodes' events. */
  LOG_GAPS("membrane.directory.log.gaps"),
  /** Gauge, seconds: how long the last snapshot took to write; not a number before the first. */
  SNAPSHOT_DURATION("membrane.directory.snapshot.duration"),
  /** Gauge, seconds: age of the newest snapshot; not a number if there is none. */
  SNAPSHOT_AGE("membrane.directory.snapshot.age"),
  /** Gauge, bytes: the last snapshot that was written. */
  SNAPSHOT_SIZE("membrane.directory.snapshot.size"),
  /** Counter of snapshots that could not be written. */
  SNAPSHOT_FAILURES("membrane.directory.snapshot.failures"),
  /** Gauge: 1 while entries of the log are missing from the image, otherwise 0. */
  DOUBTFUL("membrane.directory.doubtful"),
  /**
   * Counter of attempts to take in anew what the shared store holds; tag {@code outcome}: complete,
   * failed, no_node.
   */
  RELISTS("membrane.directory.relists"),
  /** Counter of matches; tag {@code outcome}: full, partial, none. */
  MATCHES("membrane.directory.matches"),
  /**
   * Counter of matches that ended before the prompt did and were to be explained; tag {@code
   * reason}: never_stored, removed, expired, cleared, node_lost, slices_missing, elsewhere.
   */
  MISSES("membrane.directory.misses"),
  /** Timer of matches of hashes that were answered before observation, which times the others. */
  DIRECT_MATCHES("membrane.directory.direct.matches"),
  /** Timer of batches of events that were taken in before observation, which times the others. */
  DIRECT_EVENTS("membrane.directory.direct.events"),
  /** Counter of sessions' contexts; tag {@code outcome}: noted in the log, dropped. */
  CONTEXTS("membrane.directory.contexts"),
  /** Gauge: pairs of blocks that are known to be used together. */
  EDGES("membrane.directory.edges"),
  /** Gauge: blocks whose chunk hashes are known. */
  CHUNKS("membrane.directory.chunks"),
  /** Gauge: blocks whose embeddings are known. */
  VECTORS("membrane.directory.vectors"),
  /** Counter of embeddings that had other dimensions than those before them. */
  VECTORS_REFUSED("membrane.directory.vectors.refused"),
  /** Gauge: nodes that are registered; tag {@code state}: live, suspect, lost. */
  NODES_KNOWN("membrane.directory.nodes.known"),
  /** Counter of suspect and lost nodes that renewed their leases. */
  NODES_HEALED("membrane.directory.nodes.healed"),
  /** Gauge: readers of the feed. */
  FEED_READERS("membrane.directory.feed.readers"),
  /** Gauge, seconds: how far the image is behind another region; tag {@code region}. */
  REGION_LAG("membrane.directory.region.lag"),
  /** Gauge: 1 while a region has said nothing for too long, otherwise 0; tag {@code region}. */
  REGION_STALE("membrane.directory.region.stale"),
  /** Counter of times that all of a region was told anew; tag {@code region}. */
  REGION_RESETS("membrane.directory.region.resets"),
  /** Gauge: regions that a discovery names; tag {@code discovery}: kubernetes, gossip. */
  PEERS("membrane.directory.peers"),
  /** Counter of times that a discovery could not say; tag {@code discovery}. */
  PEERS_FAILURES("membrane.directory.peers.failures"),
  /** Gauge: other directories that take part in the gossip. */
  GOSSIP_MEMBERS("membrane.directory.gossip.members"),
  /** Counter of what came by gossip and was ignored; tag {@code reason}: key, unreadable. */
  GOSSIP_IGNORED("membrane.directory.gossip.ignored"),
  /** Counter of lines of regions' feeds; tags {@code region}, {@code outcome}: taken, skipped. */
  REGION_LINES("membrane.directory.region.lines"),
  /**
   * Gauge: engines that this replica follows; tag {@code phase}: pending, live, replaying, lost.
   */
  ENGINES("membrane.directory.engines"),
  /** Counter of engines' messages; tag {@code outcome}: applied, duplicate, unreadable. */
  ENGINE_FRAMES("membrane.directory.engine.frames"),
  /** Counter of times that messages of an engine were missing. */
  ENGINE_GAPS("membrane.directory.engine.gaps"),
  /** Counter of times that an engine began anew. */
  ENGINE_RESTARTS("membrane.directory.engine.restarts"),
  /** Counter of matches answered before the position that they asked for was reached. */
  MATCHES_BEHIND("membrane.directory.matches.behind");

  private final String id;

  DirectoryMetric(String id) {
    this.id = id;
  }

  String id() {
    return id;
  }
}
