package io.membrane.directory.engine.wire;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the payload of an engine's message: vLLM's {@code kv_events.py}, which SGLang and
 * TensorRT-LLM adapted.
 *
 * <pre>
 * batch = [timestamp, [event, …], dp_rank?]   or the same as a map
 * event = [tag, field, …]                     vLLM to 0.2x, SGLang to 0.5.x: in the order declared
 *       | {"type": tag, name: field, …}       since; fields left at their default are missing
 * </pre>
 *
 * Fields and events that are not known are passed over. An event that cannot be read, or whose
 * blocks cannot be named (tokens that are no ids; an adapter known by the engine's own number
 * alone), is skipped and counted; nothing that is sent costs more memory than a small multiple of
 * its length. Stateless; any thread.
 */
public final class KvEventDecoder {

  /** Longest payload in bytes. */
  public static final int MAX_PAYLOAD = 64 << 20;

  private static final List<String> ENVELOPE = List.of("ts", "events", "data_parallel_rank");

  private KvEventDecoder() {}

  /**
   * Reads a payload.
   *
   * @throws IllegalArgumentException if it is no batch at all
   */
  public static KvEventBatch decode(byte[] payload) {
    if (payload.length > MAX_PAYLOAD) {
      throw new IllegalArgumentException("a batch has at most " + MAX_PAYLOAD + " bytes");
    }
    try {
      MessagePackReader in = new MessagePackReader(ByteBuffer.wrap(payload));
      Envelope envelope = new Envelope();
      if (in.isMap()) {
        for (int left = in.mapHeader(); left > 0; left--) {
          envelope.read(in.text(), in);
        }
      } else {
        int parts = in.arrayHeader();
        for (int i = 0; i < parts; i++) {
          envelope.read(i < ENVELOPE.size() ? ENVELOPE.get(i) : "", in);
        }
      }
      if (!in.isAtEnd()) {
        throw new IllegalArgumentException("bytes after the batch");
      }
      return envelope.batch();
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("the batch is cut off", e);
    }
  }

  /** The batch as far as it was read. */
  private static final class Envelope {

    private final List<KvEvent> events = new ArrayList<>();
    private boolean named;
    private @Nullable Integer rank;
    private int skipped;

    void read(String name, MessagePackReader in) {
      switch (name) {
        case "events" -> readEvents(in);
        case "data_parallel_rank", "attn_dp_rank", "dp_rank" -> {
          if (!in.skipNil()) {
            rank = in.count();
          }
        }
        default -> in.skip();
      }
    }

    private void readEvents(MessagePackReader in) {
      named = true;
      for (int left = in.arrayHeader(); left > 0; left--) {
        KvEvent event = event(in.next());
        if (event == null) {
          skipped++;
        } else {
          events.add(event);
        }
      }
    }

    /** The event that this is; null if it is to be skipped. */
    private static @Nullable KvEvent event(MessagePackReader in) {
      try {
        EventFields fields = new EventFields(in);
        if (in.isMap()) {
          fields.readMap();
        } else {
          fields.readArray();
        }
        return fields.event();
      } catch (BufferUnderflowException | IllegalArgumentException e) {
        return null;
      }
    }

    KvEventBatch batch() {
      if (!named) {
        throw new IllegalArgumentException("a batch of KV events needs its events");
      }
      return new KvEventBatch(events, rank, skipped);
    }
  }
}
