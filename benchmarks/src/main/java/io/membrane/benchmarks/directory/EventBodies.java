package io.membrane.benchmarks.directory;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.membrane.block.BlockHash;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Batches of one node's events as JSON, made before they are sent: only their sequence is written
 * anew, over spaces that stand before it. For one thread.
 */
final class EventBodies {

  /** How much an event says. */
  enum Form {
    /** What a stored block needs. */
    BRIEF,
    /** A parent, bytes and an end as well, and what engines say that nobody here asks for. */
    RICH
  }

  private static final int DIGITS = 18;
  private static final int BLOCK_TOKENS = 16;
  private static final int CHAIN = 512;

  private final List<ByteBuffer> requests = new ArrayList<>();
  private final int sequenceAt;
  private final int batch;
  private long sent;

  /**
   * Bodies of different blocks.
   *
   * @param number of the node
   * @param batch events in each
   * @param bodies how many
   */
  EventBodies(int number, Form form, int batch, int bodies) {
    this.batch = batch;
    Random random = new Random(number);
    String head =
        "{\"node\":\"node-%d\",\"cluster\":\"c\",\"epoch\":%d,\"sequence\":"
            .formatted(number, System.currentTimeMillis());
    for (int i = 0; i < bodies; i++) {
      String body = head + "0".repeat(DIGITS) + ",\"events\":[" + events(random, form) + "]}";
      requests.add(
          KeptConnection.post("/v1/directory/events", "application/json", body.getBytes(US_ASCII)));
    }
    ByteBuffer first = requests.getFirst();
    sequenceAt = indexOf(first, "0".repeat(DIGITS) + ",");
  }

  private static int indexOf(ByteBuffer in, String wanted) {
    byte[] head = new byte[Math.min(1024, in.remaining())];
    in.get(0, head);
    return new String(head, US_ASCII).indexOf(wanted);
  }

  private String events(Random random, Form form) {
    StringBuilder events = new StringBuilder();
    BlockHash before = null;
    for (int i = 0; i < batch; i++) {
      BlockHash hash =
          new BlockHash(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
      events.append(i == 0 ? "" : ",").append(event(i % CHAIN, hash, before, form, random));
      before = hash;
    }
    return events.toString();
  }

  private static String event(
      int index, BlockHash hash, @Nullable BlockHash before, Form form, Random random) {
    String brief =
        """
        {"type":"stored","namespace":{"model":"meta-llama/Llama-3.1-8B","revision":"0e9e39f",\
        "kv_dtype":"bf16","block_tokens":16},"block_hash":"%s","slice":"attn.0-31.0of1",\
        "tier":"gpu","token_span":[%d,%d]\
        """
            .formatted(hash.hex(), index * BLOCK_TOKENS, (index + 1) * BLOCK_TOKENS);
    if (form == Form.BRIEF) {
      return brief + "}";
    }
    int[] tokens = random.ints(BLOCK_TOKENS, 0, 128_256).toArray();
    return brief
        + (before == null || index == 0 ? "" : ",\"parent_hash\":\"" + before.hex() + "\"")
        + ",\"bytes\":2097152,\"expires_at_ms\":1893456000000,\"lora_id\":null,\"medium\":\"GPU\""
        + ",\"token_ids\":"
        + Arrays.toString(tokens)
        + "}";
  }

  /** The next batch. */
  ByteBuffer next() {
    ByteBuffer request = requests.get((int) (sent / batch % requests.size()));
    byte[] sequence = Long.toString(sent).getBytes(US_ASCII);
    for (int i = 0; i < DIGITS; i++) {
      request.put(sequenceAt + i, (byte) ' ');
    }
    request.put(sequenceAt + DIGITS - sequence.length, sequence);
    sent += batch;
    return request;
  }

  /** Events of the batches that were taken so far. */
  long sent() {
    return sent;
  }

  /** Bytes of a request for each event. */
  double bytesPerEvent() {
    return (double) requests.getFirst().capacity() / batch;
  }
}
