package io.membrane.directory.feed;

import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.wire.DirectoryClient;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Batches of events as bytes.
 *
 * <pre>
 *  batch    "MB" | version u8 = 1 | flags u8 | length u32 | node | cluster | domain
 *           | [epoch i64 | sequence i64] | namespaces | slices | tiers | count n | event … | crc u32
 *  flags    bit 0: epoch and sequence are there
 *  length   of the whole batch in bytes;  crc: CRC-32C of all before it
 *  string   n | UTF-8 of n bytes          namespaces  n | (model | revision | kv_dtype | block_tokens n) …
 *  slices   n | string …                  tiers       n | string …
 *
 *  event    head u8 | parts
 *  head     bits 0 to 2: 0 stored, 1 removed, 2 cleared; bit 3: tier; bit 4: slice or bytes;
 *           bit 5: end; bits 6 and 7: parent is 0 none, 1 the stored event before, 2 written
 *  stored   hash 32 | [parent 32] | namespace n | slice n | tier n | block index n | [bytes n] | [end n]
 *  removed  hash 32 | [slice n] | [tier n]
 *  cleared  nothing
 * </pre>
 *
 * All fixed numbers are big-endian; n is a LEB128 number of at most ten bytes; namespaces, slices
 * and tiers of events are indexes. A stored block spans {@code [index × block_tokens, (index + 1) ×
 * block_tokens)}; its end is Unix time in ms. What an event's type makes no use of is not written.
 */
final class BatchCodec {

  /** Most bytes of a batch. */
  static final int MAX_BYTES = 1 << 20;

  private static final int MAGIC = 'M' << 8 | 'B';
  private static final int VERSION = 1;
  private static final int NUMBERED = 1;
  private static final int LENGTH_AT = 4;
  private static final int CRC_BYTES = 4;

  static final int STORED = 0;
  static final int REMOVED = 1;
  static final int CLEARED = 2;
  static final int TYPE = 7;
  static final int TIER = 1 << 3;
  static final int SLICE = 1 << 4;
  static final int BYTES = 1 << 4;
  static final int END = 1 << 5;
  static final int PARENT_BEFORE = 1 << 6;
  static final int PARENT_WRITTEN = 1 << 7;

  private BatchCodec() {}

  /** As {@link #encode(ChangeBatch, int)}, from the first event on. */
  static List<byte[]> encode(LogBatch batch) {
    return encode(batch.inColumns(), 0);
  }

  /**
   * The events from {@code first} on, in as many parts as it takes to keep each within {@value
   * #MAX_BYTES} bytes and {@link DirectoryClient#MAX_EVENTS} events.
   */
  static List<byte[]> encode(ChangeBatch batch, int first) {
    List<byte[]> parts = new ArrayList<>();
    encode(batch, first, batch.size(), parts);
    return parts;
  }

  private static void encode(ChangeBatch batch, int from, int to, List<byte[]> parts) {
    if (to - from <= DirectoryClient.MAX_EVENTS) {
      byte[] one = whole(batch, from, to);
      if (one.length <= MAX_BYTES || to - from == 1) {
        parts.add(one);
        return;
      }
    }
    int middle = from + (to - from) / 2;
    encode(batch, from, middle, parts);
    encode(batch, middle, to, parts);
  }

  private static byte[] whole(ChangeBatch batch, int from, int to) {
    EventWriter events = new EventWriter(batch);
    for (int i = from; i < to; i++) {
      events.add(i);
    }
    NodeProgress first = batch.first();
    ByteWriter out = new ByteWriter();
    out.u16(MAGIC);
    out.u8(VERSION);
    out.u8(first == null ? 0 : NUMBERED);
    out.u32(0);
    out.string(batch.source().node());
    out.string(batch.source().cluster());
    out.string(batch.source().domain());
    if (first != null) {
      out.i64(first.epoch());
      out.i64(first.nextSequence() + from);
    }
    events.writeTo(out);
    byte[] bytes = out.toBytes(CRC_BYTES);
    ByteBuffer.wrap(bytes).putInt(LENGTH_AT, bytes.length);
    ByteBuffer.wrap(bytes).putInt(bytes.length - CRC_BYTES, crc(bytes));
    return bytes;
  }

  /**
   * Reads a batch.
   *
   * @param into is begun anew; what it holds after a failure means nothing
   * @throws IllegalArgumentException if the bytes are not exactly one batch of this version
   */
  static void decode(byte[] bytes, ChangeBatch into) {
    try {
      decode(ByteBuffer.wrap(bytes), bytes, into);
    } catch (BufferUnderflowException | IndexOutOfBoundsException | ArithmeticException e) {
      throw new IllegalArgumentException("a batch of events ends too early or points nowhere", e);
    }
  }

  private static void decode(ByteBuffer in, byte[] bytes, ChangeBatch into) {
    if (in.remaining() > MAX_BYTES || in.getShort() != MAGIC) {
      throw new IllegalArgumentException("this is no batch of events");
    }
    int version = in.get();
    if (version != VERSION) {
      throw new IllegalArgumentException("a batch of events has the unknown version " + version);
    }
    int flags = in.get();
    if (flags > NUMBERED || flags < 0 || in.getInt() != in.capacity()) {
      throw new IllegalArgumentException("a batch of events is not as long as it says");
    }
    int end = in.capacity() - CRC_BYTES;
    if (in.getInt(end) != crc(bytes)) {
      throw new IllegalArgumentException("a batch of events is damaged");
    }
    in.limit(end);
    String node = EventReader.string(in);
    String cluster = EventReader.string(in);
    String domain = EventReader.string(in);
    NodeProgress first = flags == NUMBERED ? new NodeProgress(in.getLong(), in.getLong()) : null;
    into.begin(new Source(cluster, node, domain), first);
    new EventReader(in, into).read();
    if (in.hasRemaining()) {
      throw new IllegalArgumentException("a batch of events goes on after its end");
    }
  }

  private static int crc(byte[] batch) {
    CRC32C crc = new CRC32C();
    crc.update(batch, 0, batch.length - CRC_BYTES);
    return (int) crc.getValue();
  }
}
