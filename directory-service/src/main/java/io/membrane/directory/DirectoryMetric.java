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
  /** Gauge: 1 while entries of the log are missing from the image, otherwise 0. */
  DOUBTFUL("membrane.directory.doubtful"),
  /** Counter of matches; tag {@code outcome}: full, partial, none. */
  MATCHES("membrane.directory.matches"),
  /** Gauge: nodes that are registered; tag {@code state}: live, suspect, lost. */
  NODES_KNOWN("membrane.directory.nodes.known"),
  /** Counter of suspect and lost nodes that renewed their leases. */
  NODES_HEALED("membrane.directory.nodes.healed"),
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
