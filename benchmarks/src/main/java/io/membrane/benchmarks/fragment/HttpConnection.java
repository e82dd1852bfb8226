package io.membrane.benchmarks.fragment;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The calls of the fragment service that are measured, over HTTP/1.1. For one thread. */
final class HttpConnection implements Closeable {

  private static final int OK = 200;
  private static final int CREATED = 201;
  static final String SLICE = "/attn.0-0.0of1";
  private static final byte[] GET = ascii("GET /v1/fragments/");
  private static final byte[] PUT = ascii("PUT /v1/fragments/");
  private static final byte[] END = ascii("\r\n");
  private static final byte[] QUOTE = ascii("\"");
  private static final byte[] AFTER_QUOTED_KEY = ascii(SLICE + "\"");

  /** Bytes of a key in a list of keys, at most. */
  private static final int LISTED_BYTES = Values.KEY_BYTES + 32;

  private static final int FRAME_MAGIC = 0x4D42_4631;

  private final Wire wire;
  private final HttpAnswer answer;
  private final byte[] putHeaders;
  private final byte[] afterKey;

  /**
   * @param bytes length of every value that this connection stores, and of the longest answer
   */
  HttpConnection(int port, Values values, int bytes) throws IOException {
    this(port, values, bytes, "");
  }

  /**
   * @param headers more of every request, each with its end of line
   */
  HttpConnection(int port, Values values, int bytes, String headers) throws IOException {
    this.afterKey = ascii(SLICE + " HTTP/1.1\r\nHost: localhost\r\n" + headers);
    this.wire = new Wire(port, values, bytes);
    this.answer = new HttpAnswer(wire);
    this.putHeaders =
        ascii(
            """
            Membrane-Namespace: {"model":"m","revision":"r","kv_dtype":"bf16","block_tokens":256}
            Membrane-Parent: root
            Membrane-Token-Span: 0-256
            Content-Type: application/octet-stream
            Content-Length: %d

            """
                .formatted(bytes)
                .replace("\n", "\r\n"));
  }

  /** Fetches a value. */
  void get(long number, int bytes) throws IOException {
    ByteBuffer head = wire.head().put(GET);
    Values.key(number, head);
    head.put(afterKey).put(END);
    wire.send();
    answer.begin(OK, OK);
    answer.value(number, bytes);
    answer.end();
  }

  /** Stores a value. */
  void put(long number, int bytes) throws IOException {
    ByteBuffer head = wire.head().put(PUT);
    Values.key(number, head);
    head.put(afterKey).put(putHeaders);
    wire.sendWith(number, bytes, Wire.NOTHING);
    answer.begin(CREATED, OK);
    answer.end();
  }

  /** Fetches values from {@code first} on in one call. */
  void batchGet(ByteBuffer request, long first, int count, int bytes) throws IOException {
    wire.send(request.rewind());
    answer.begin(OK, OK);
    for (int i = 0; i < count; i++) {
      if (frame(OK) != bytes) {
        throw new IOException("a frame of another length");
      }
      answer.nextValue(first + i, bytes);
    }
    if (frame(0) != count) {
      throw new IOException("the end frame counts other frames");
    }
    answer.end();
  }

  /** Asks for values, all of which are there, in one call. */
  void exists(ByteBuffer request, int count) throws IOException {
    wire.send(request.rewind());
    answer.begin(OK, OK);
    int present = -1; // "present" has a t of its own
    for (byte b = (byte) answer.next(1); b != ']'; b = (byte) answer.next(1)) {
      present += b == 't' ? 1 : 0;
    }
    if (present != count) {
      throw new IOException(present + " values are said to be there, not " + count);
    }
    answer.end();
  }

  /** A call of {@code /v1/fragments/<name>} with the keys of the values from {@code first} on. */
  static ByteBuffer naming(String name, long first, int count) {
    ByteBuffer body = ByteBuffer.allocate(count * LISTED_BYTES + 16).put(ascii("{\"keys\":["));
    for (int i = 0; i < count; i++) {
      body.put(i == 0 ? QUOTE : ascii(",\""));
      Values.key(first + i, body);
      body.put(AFTER_QUOTED_KEY);
    }
    body.put(ascii("]}")).flip();
    byte[] head =
        ascii(
            "POST /v1/fragments/"
                + name
                + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: "
                + body.remaining()
                + "\r\n\r\n");
    return ByteBuffer.allocateDirect(head.length + body.remaining()).put(head).put(body).flip();
  }

  /** Reads the start of a frame; its payload's length. */
  private long frame(int status) throws IOException {
    if (answer.next(4) != FRAME_MAGIC) {
      throw new IOException("no frame");
    }
    long said = answer.next(2);
    answer.next(2);
    long header = answer.next(4);
    long body = answer.next(8);
    if (said != status) {
      throw new IOException("a frame of status " + said);
    }
    answer.skip(header);
    return body;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }

  @Override
  public void close() throws IOException {
    wire.close();
  }
}
