package io.membrane.fragment.connector;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** One connection as it is on the wire: requests in, answers out, in whatever rhythm. */
public final class RawClient implements AutoCloseable {

  private static final int PATIENCE_MS = 30_000;
  private static final int SMALL = 8 * 1024;

  private final Socket socket;
  private final InputStream in;

  /** A connection that is made already. */
  public RawClient(Socket socket) throws IOException {
    this.socket = socket;
    this.socket.setSoTimeout(PATIENCE_MS);
    this.socket.setTcpNoDelay(true);
    this.in = new BufferedInputStream(socket.getInputStream());
  }

  /** A connection to the loopback. */
  public static RawClient to(int port) throws IOException {
    return new RawClient(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  /** A connection that takes in little before its server has to wait. */
  public static RawClient narrow(int port) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(SMALL);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    return new RawClient(socket);
  }

  /**
   * An answer.
   *
   * @param headers names in any case
   */
  @SuppressWarnings("ArrayRecordComponent") // read, never compared
  public record Answer(int status, Map<String, String> headers, byte[] body) {

    /** A header's value; empty if it is not there. */
    public String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  /** Sends a request without a body; {@code headers} are whole lines. */
  public void send(String method, String path, String... headers) throws IOException {
    StringBuilder request = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: here\r\n");
    for (String header : headers) {
      request.append(header).append("\r\n");
    }
    sendText(request + "\r\n");
  }

  /** Sends any text. */
  public void sendText(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /** Sends bytes as they are. */
  public void sendBytes(byte[] bytes, int from, int length) throws IOException {
    socket.getOutputStream().write(bytes, from, length);
    socket.getOutputStream().flush();
  }

  /** Waits until an answer has begun; takes nothing of it. */
  public void await() throws IOException {
    in.mark(1);
    if (in.read() < 0) {
      throw new EOFException("the server closed");
    }
    in.reset();
  }

  /** Reads the answer to a request of that method. */
  public Answer answerTo(String method) throws IOException {
    String first = line();
    int status = Integer.parseInt(first.split(" ", -1)[1]);
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.merge(line.substring(0, colon), line.substring(colon + 1).strip(), (a, b) -> a + b);
    }
    boolean bare = method.equals("HEAD") || status == 304 || status == 204;
    return new Answer(status, headers, bare ? new byte[0] : body(headers));
  }

  private byte[] body(Map<String, String> headers) throws IOException {
    if (headers.containsKey("Content-Length")) {
      return bytes(Integer.parseInt(Objects.requireNonNull(headers.get("Content-Length"))));
    }
    byte[] all = new byte[0];
    for (byte[] chunk = chunk(); chunk.length > 0; chunk = chunk()) {
      byte[] longer = new byte[all.length + chunk.length];
      System.arraycopy(all, 0, longer, 0, all.length);
      System.arraycopy(chunk, 0, longer, all.length, chunk.length);
      all = longer;
    }
    return all;
  }

  private byte[] chunk() throws IOException {
    byte[] chunk = bytes(Integer.parseInt(line(), 16));
    line();
    return chunk;
  }

  /** Reads exactly so many bytes. */
  public byte[] bytes(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("the server closed after " + bytes.length + " of " + count);
    }
    return bytes;
  }

  /** Reads to the end of the connection; how many bytes that were. */
  public long toTheEnd() throws IOException {
    byte[] piece = new byte[SMALL];
    long count = 0;
    try {
      for (int n = in.read(piece); n > 0; n = in.read(piece)) {
        count += n;
      }
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      return count; // A reset is an end too.
    }
    return count;
  }

  /** Asks and reads the answer. */
  public Answer ask(String method, String path, String... headers) throws IOException {
    send(method, path, headers);
    return answerTo(method);
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("the server closed within a line");
      }
      line.append((char) b);
    }
    return line.toString().strip();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
