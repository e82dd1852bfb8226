package io.membrane.directory;

/** Names of this service's metrics; the names are an interface. */
enum DirectoryMetric {
  /** Gauge: blocks in the image. */
  BLOCKS("membrane.directory.blocks"),
  /** Gauge: nodes that hold a copy of any block. */
  NODES("membrane.directory.nodes"),
  /** Gauge: copies of fragments in the image, over all places. */
  COPIES("membrane.directory.copies"),
  /** Gauge, seconds: age of the newest log entry when the image took it in. */
  LOG_LAG("membrane.directory.log.lag"),
  /** Gauge: 1 while the image holds all that the log holds, otherwise 0. */
  LOG_CAUGHT_UP("membrane.directory.log.caught.up"),
  /** Counter of log entries read; tag {@code outcome}: applied, seen, outdated, skipped. */
  LOG_ENTRIES("membrane.directory.log.entries"),
  /** Counter of matches; tag {@code outcome}: full, partial, none. */
  MATCHES("membrane.directory.matches"),
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
