package io.membrane.cli.machine;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLSocketFactory;

/** Asks a Redis whether it is there: AUTH where the URL has a password, then PING. */
public final class RedisProbe {

  private static final int DEFAULT_PORT = 6379;

  private RedisProbe() {}

  /**
   * Checks that {@code redis} answers.
   *
   * @param redis {@code redis://[[user]:password@]host[:port][/db]}, or {@code rediss:} for TLS
   * @throws IOException with what it said instead, or why it cannot be reached
   */
  public static void check(URI redis, Duration patience) throws IOException {
    try (Socket socket = connect(redis, Math.toIntExact(patience.toMillis()))) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      String userInfo = redis.getUserInfo();
      if (userInfo != null) {
        int colon = userInfo.indexOf(':');
        String user = userInfo.substring(0, Math.max(0, colon));
        String password = userInfo.substring(colon + 1);
        say(
            socket,
            user.isEmpty()
                ? new String[] {"AUTH", password}
                : new String[] {"AUTH", user, password});
        expect("+OK", in.readLine());
      }
      say(socket, "PING");
      expect("+PONG", in.readLine());
    }
  }

  private static Socket connect(URI redis, int patienceMillis) throws IOException {
    Socket plain = new Socket();
    try {
      int port = redis.getPort() < 0 ? DEFAULT_PORT : redis.getPort();
      plain.connect(new InetSocketAddress(redis.getHost(), port), patienceMillis);
      plain.setSoTimeout(patienceMillis);
      return redis.getScheme().equals("rediss")
          ? ((SSLSocketFactory) SSLSocketFactory.getDefault())
              .createSocket(plain, redis.getHost(), port, true)
          : plain;
    } catch (IOException e) {
      plain.close();
      throw e;
    }
  }

  private static void say(Socket socket, String... words) throws IOException {
    StringBuilder command = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      int bytes = word.getBytes(StandardCharsets.UTF_8).length;
      command.append('$').append(bytes).append("\r\n").append(word).append("\r\n");
    }
    socket.getOutputStream().write(command.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void expect(String wanted, String said) throws IOException {
    if (said == null || !said.startsWith(wanted)) {
      throw new IOException("it said: " + (said == null ? "nothing" : said));
    }
  }
}
