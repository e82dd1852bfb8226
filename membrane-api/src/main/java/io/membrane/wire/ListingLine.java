package io.membrane.wire;

import io.membrane.wire.DirectoryClient.Event;
import org.jspecify.annotations.Nullable;

/**
 * A line of what a shared store holds, as a fragment node tells it to directories of its fleet at
 * {@link #PATH}: one {@link Type#BEGIN}, a {@link Type#STORED} for each fragment, one {@link
 * Type#COMPLETE}. Without the last one the listing was cut and says nothing of what is not there.
 *
 * @param life in the first line: name of the log that the store writes to; null if it has none yet
 * @param node in the first line: the store's name in the log
 * @param cluster in the first line: the store's cluster in the log
 * @param domain of a fragment: sharing domain that it is stored in
 * @param event of a fragment: the event of the log that tells of it
 * @param fragments in the last line: lines between the first and this one
 */
public record ListingLine(
    Type type,
    @Nullable String life,
    @Nullable String node,
    @Nullable String cluster,
    @Nullable String domain,
    @Nullable Event event,
    @Nullable Long fragments) {

  /** Where a fragment node tells it, to other nodes and to directories, never to tenants. */
  public static final String PATH = "/v1/peers/stored";

  /** Media type of the whole. */
  public static final String MEDIA_TYPE = "application/x-ndjson";

  /** What a line says. */
  public enum Type {
    BEGIN,
    STORED,
    COMPLETE
  }

  /** The first line. */
  public static ListingLine begin(@Nullable String life, String node, String cluster) {
    return new ListingLine(Type.BEGIN, life, node, cluster, null, null, null);
  }

  /** A fragment. */
  public static ListingLine stored(String domain, Event event) {
    return new ListingLine(Type.STORED, null, null, null, domain, event, null);
  }

  /** The last line. */
  public static ListingLine complete(long fragments) {
    return new ListingLine(Type.COMPLETE, null, null, null, null, null, fragments);
  }
}
