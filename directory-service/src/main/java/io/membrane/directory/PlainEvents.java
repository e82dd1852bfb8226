package io.membrane.directory;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.directory.PlainScan.NotPlain;
import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient;
import io.membrane.wire.DirectoryClient.EventType;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * A batch of events as callers mostly write it, read from its bytes into columns: no object is made
 * for an event, and what events share is understood once. Whatever is written in any other way, or
 * cannot be, is none. For one batch.
 */
final class PlainEvents {

  private static final List<String> BATCH =
      List.of("node", "cluster", "epoch", "sequence", "events");
  private static final int NODE = 0;
  private static final int CLUSTER = 1;
  private static final int EPOCH = 2;
  private static final int SEQUENCE = 3;
  private static final int EVENTS = 4;

  private static final List<String> EVENT =
      List.of(
          "type",
          "namespace",
          "block_hash",
          "parent_hash",
          "slice",
          "bytes",
          "tier",
          "token_span",
          "expires_at_ms");
  private static final int TYPE = 0;
  private static final int NAMESPACE = 1;
  private static final int BLOCK_HASH = 2;
  private static final int PARENT_HASH = 3;
  private static final int SLICE = 4;
  private static final int BYTES = 5;
  private static final int TIER = 6;
  private static final int TOKEN_SPAN = 7;
  private static final int EXPIRES_AT_MS = 8;

  private static final int STORED_NEEDS =
      1 << NAMESPACE | 1 << BLOCK_HASH | 1 << SLICE | 1 << TIER | 1 << TOKEN_SPAN;
  private static final int CLEARED_FORBIDS = 1 << BLOCK_HASH | 1 << SLICE | 1 << TIER;

  private static final byte[] STORED = "\"stored\"".getBytes(US_ASCII);
  private static final byte[] REMOVED = "\"removed\"".getBytes(US_ASCII);
  private static final byte[] CLEARED = "\"cleared\"".getBytes(US_ASCII);

  private final byte[] body;
  private final PlainScan scan;
  private final PlainFields batchFields;
  private final PlainFields eventFields;
  private final ChangeBatch batch = new ChangeBatch();
  private final PlainTexts<Known> namespaces;
  private final PlainTexts<Slice> slices;
  private final PlainTexts<Integer> tiers;

  /** The present event. Bits of the fields that it has and that are not null. */
  private int has;

  private @Nullable EventType type;
  private final long[] hashes = new long[2 * PlainScan.HASH_WORDS];
  private @Nullable Known namespace;
  private @Nullable Slice slice;
  private int tier;
  private long bytes;
  private long expiresAtMs;
  private long from;
  private long to;

  /** Nearly all events are of the form of the one before. */
  private @Nullable Slice lastSlice;

  private long lastBytes;
  private int lastForm;

  /** A namespace by its number in the batch. */
  private record Known(int number, int blockTokens) {}

  private PlainEvents(byte[] body) {
    this.body = body;
    this.scan = new PlainScan(body);
    this.batchFields = new PlainFields(body, scan, BATCH);
    this.eventFields = new PlainFields(body, scan, EVENT);
    this.namespaces = new PlainTexts<>(body, scan, this::namespace);
    this.slices = new PlainTexts<>(body, scan, text -> Slice.parse(unquoted(text)));
    this.tiers = new PlainTexts<>(body, scan, text -> batch.tier(unquoted(text)));
  }

  /**
   * Null if the body is not plainly a batch of possible events.
   *
   * @param domain sharing domain of all that the batch tells of
   */
  static @Nullable ChangeBatch parse(byte[] body, String domain) {
    try {
      PlainEvents events = new PlainEvents(body);
      events.batch(domain);
      return events.batch;
    } catch (NotPlain | IllegalArgumentException | JacksonException e) {
      return null;
    }
  }

  private void batch(String domain) {
    String node = null;
    String cluster = null;
    long epoch = -1;
    long sequence = -1;
    scan.skip('{');
    do {
      switch (batchFields.next()) {
        case NODE -> node = text();
        case CLUSTER -> cluster = text();
        case EPOCH -> epoch = count();
        case SEQUENCE -> sequence = count();
        case EVENTS -> {
          if (node == null || cluster == null || epoch < 0 || sequence < 0) {
            throw new NotPlain();
          }
          batch.begin(new Source(cluster, node, domain), new NodeProgress(epoch, sequence));
          events();
        }
        default -> scan.skipValue();
      }
    } while (scan.isSkipped(','));
    scan.skip('}');
    scan.space();
    if (!batchFields.has(EVENTS) || !scan.isAtEnd()) {
      throw new NotPlain();
    }
  }

  private void events() {
    scan.skip('[');
    if (!scan.isSkipped(']')) {
      do {
        event();
      } while (batch.size() <= DirectoryClient.MAX_EVENTS && scan.isSkipped(','));
      scan.skip(']');
    }
    if (batch.size() > DirectoryClient.MAX_EVENTS) {
      throw new NotPlain();
    }
  }

  private void event() {
    eventFields.begin();
    has = 0;
    bytes = 0;
    expiresAtMs = Long.MAX_VALUE;
    scan.skip('{');
    do {
      int field = eventFields.next();
      if (field == PlainFields.UNKNOWN) {
        scan.skipValue();
      } else if (!scan.isNullSkipped()) {
        has |= 1 << field;
        read(field);
      }
    } while (scan.isSkipped(','));
    scan.skip('}');
    add();
  }

  private void read(int field) {
    switch (field) {
      case TYPE -> type = type();
      case NAMESPACE -> namespace = namespaces.next();
      case BLOCK_HASH -> scan.hash(hashes, 0);
      case PARENT_HASH -> scan.hash(hashes, PlainScan.HASH_WORDS);
      case SLICE -> slice = slices.next();
      case BYTES -> bytes = count();
      case TIER -> tier = tiers.next();
      case TOKEN_SPAN -> span();
      case EXPIRES_AT_MS -> expiresAtMs = scan.number();
      default -> throw new IllegalStateException("field " + field);
    }
  }

  private EventType type() {
    if (scan.isSkipped(STORED)) {
      return EventType.STORED;
    }
    if (scan.isSkipped(REMOVED)) {
      return EventType.REMOVED;
    }
    if (scan.isSkipped(CLEARED)) {
      return EventType.CLEARED;
    }
    throw new NotPlain();
  }

  private void span() {
    scan.skip('[');
    from = count();
    scan.skip(',');
    to = count();
    scan.skip(']');
    if (to <= from || to > Integer.MAX_VALUE) {
      throw new NotPlain();
    }
  }

  private void add() {
    require(has(1 << TYPE));
    switch (Objects.requireNonNull(type)) {
      case STORED -> addStored();
      case REMOVED -> {
        require(has(1 << BLOCK_HASH));
        int form = has(1 << SLICE) ? batch.form(Objects.requireNonNull(slice), 0) : ChangeBatch.ANY;
        batch.removed(hashes, form, has(1 << TIER) ? tier : ChangeBatch.ANY);
      }
      case CLEARED -> {
        require((has & CLEARED_FORBIDS) == 0);
        batch.cleared();
      }
    }
  }

  private void addStored() {
    require(has(STORED_NEEDS));
    Known known = Objects.requireNonNull(namespace);
    require(to - from == known.blockTokens() && from % known.blockTokens() == 0);
    Slice present = Objects.requireNonNull(slice);
    if (!present.equals(lastSlice) || bytes != lastBytes) {
      lastSlice = present;
      lastBytes = bytes;
      lastForm = batch.form(present, bytes);
    }
    batch.stored(
        hashes,
        has(1 << PARENT_HASH),
        known.number(),
        (int) from / known.blockTokens(),
        lastForm,
        tier,
        expiresAtMs);
  }

  private boolean has(int fields) {
    return (has & fields) == fields;
  }

  private static void require(boolean isSo) {
    if (!isSo) {
      throw new NotPlain();
    }
  }

  private long count() {
    long count = scan.number();
    require(count >= 0);
    return count;
  }

  private String text() {
    scan.space();
    int start = scan.skipText();
    return new String(body, start + 1, scan.at() - start - 2, US_ASCII);
  }

  private static String unquoted(byte[] text) {
    return new String(text, 1, text.length - 2, US_ASCII);
  }

  private Known namespace(byte[] json) {
    Namespace read = WireJson.mapper().readValue(json, Namespace.class);
    return new Known(batch.namespace(read), read.blockTokens());
  }
}
