package io.membrane.system;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A request written by hand, for what no client sends. */
final class RawRequest {

  private static final int PATIENCE_MS = 60_000;

  /** Writes a body. */
  interface Body {

    void write(OutputStream out) throws IOException, InterruptedException;
  }

  private RawRequest() {}

  /**
   * The status of the answer and its problem's code, as far as there is one: {@code 404 not_found}.
   *
   * @param head request line and headers but Host, each with its line break
   */
  static String send(URI server, String head, Body body) throws IOException {
    try (Socket socket = new Socket(server.getHost(), server.getPort())) {
      socket.setSoTimeout(PATIENCE_MS);
      OutputStream out = socket.getOutputStream();
      out.write(
          (head + "Host: gateway\r\nConnection: close\r\n\r\n")
              .getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      Thread writer = Thread.ofVirtual().start(() -> write(body, out));
      try {
        return outcome(socket.getInputStream());
      } finally {
        writer.interrupt();
      }
    }
  }

  private static void write(Body body, OutputStream out) {
    try {
      body.write(out);
    } catch (IOException | InterruptedException e) {
      // The server has closed the connection, or has answered.
    }
  }

  private static String outcome(InputStream in) throws IOException {
    String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    String status = answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length());
    int code = answer.indexOf("\"code\":\"");
    return code < 0
        ? status
        : status + " " + answer.substring(code + 8, answer.indexOf('"', code + 8));
  }
}
