package io.membrane.fragment;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One kept connection of a client of the Membrain protocol: the bytes that aiohttp sends, with the
 * path as it is given. Opens another when an answer says that it was the last.
 */
final class ForkClient implements AutoCloseable {

  /** An answer; header names in lower case. */
  @SuppressWarnings("ArrayRecordComponent") // read once, compared by nobody
  record Answer(int status, Map<String, String> headers, byte[] body) {}

  private static final int PATIENCE_MS = 30_000;

  private final int port;
  private Socket socket;
  private InputStream in;
  private OutputStream out;

  ForkClient(int port) throws IOException {
    this.port = port;
    socket = open(port);
    in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
    out = socket.getOutputStream();
  }

  private static Socket open(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MS);
    socket.setTcpNoDelay(true);
    return socket;
  }

  private void reopen() throws IOException {
    socket.close();
    socket = open(port);
    in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
    out = socket.getOutputStream();
  }

  /** Which connection it is. */
  int localPort() {
    return socket.getLocalPort();
  }

  Answer put(String path, byte[] body) throws IOException {
    return put(path, "application/octet-stream", body);
  }

  Answer put(String path, String type, byte[] body) throws IOException {
    return call("PUT", path, type, body);
  }

  Answer get(String path) throws IOException {
    return call("GET", path, null, null);
  }

  Answer head(String path) throws IOException {
    return call("HEAD", path, null, null);
  }

  Answer delete(String path) throws IOException {
    return call("DELETE", path, null, null);
  }

  Answer call(String method, String path, @Nullable String type, byte @Nullable [] body)
      throws IOException {
    send(method, path, type, body);
    return answer(method);
  }

  void send(String method, String path, @Nullable String type, byte @Nullable [] body)
      throws IOException {
    String head =
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: localhost:9201\r\nAccept: */*\r\n"
            + "Accept-Encoding: gzip, deflate\r\nUser-Agent: Python/3.12 aiohttp/3.11.18\r\n"
            + (type == null ? "" : "Content-Type: " + type + "\r\n")
            + (body == null ? "" : "Content-Length: " + body.length + "\r\n")
            + "\r\n";
    out.write(head.getBytes(ISO_8859_1));
    if (body != null) {
      out.write(body);
    }
    out.flush();
  }

  /** Anything at all. */
  void send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  Answer answer(String method) throws IOException {
    String status = line();
    Map<String, String> headers = new HashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    byte[] body = new byte[0];
    if (!method.equals("HEAD")) {
      String length = headers.get("content-length");
      body = length == null ? chunks() : exactly(Integer.parseInt(length));
    }
    if ("close".equals(headers.get("connection"))) {
      reopen();
    }
    return new Answer(Integer.parseInt(status.split(" ", -1)[1]), headers, body);
  }

  private byte[] chunks() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = chunkSize(); size > 0; size = chunkSize()) {
      body.write(exactly(size));
      line();
    }
    line();
    return body.toByteArray();
  }

  private int chunkSize() throws IOException {
    return Integer.parseInt(line(), 16);
  }

  private byte[] exactly(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("an answer that breaks off");
    }
    return bytes;
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("no answer");
      }
      line.write(b);
    }
    return line.toString(US_ASCII).stripTrailing();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
