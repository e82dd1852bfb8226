package io.membrane.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One address for several processes of a service: connections go in turn to those that are ready.
 */
final class ReadyEndpoints implements AutoCloseable {

  private final List<ServiceProcess> services;
  private final ServerSocket server;
  private final AtomicInteger turn = new AtomicInteger();

  ReadyEndpoints(ServiceProcess... services) {
    this.services = List.of(services);
    try {
      server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("ready-endpoints").start(this::accept);
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort());
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Thread.ofVirtual().start(() -> connect(client));
      } catch (IOException e) {
        close();
      }
    }
  }

  private void connect(Socket client) {
    for (int i = 0; i < services.size(); i++) {
      ServiceProcess service = services.get(Math.floorMod(turn.getAndIncrement(), services.size()));
      if (isReady(service) && join(client, service)) {
        return;
      }
    }
    closeQuietly(client);
  }

  private static boolean isReady(ServiceProcess service) {
    try {
      return new Http(service.url()).get("/actuator/health/readiness").status() == 200;
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  private static boolean join(Socket client, ServiceProcess service) {
    try {
      Socket upstream = new Socket(InetAddress.getLoopbackAddress(), service.port());
      Thread.ofVirtual().start(() -> pump(client, upstream));
      Thread.ofVirtual().start(() -> pump(upstream, client));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void pump(Socket from, Socket to) {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      // Both ends are closed by now.
    }
  }

  private static void closeQuietly(Socket client) {
    try {
      client.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
