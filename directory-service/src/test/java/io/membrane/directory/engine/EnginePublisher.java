package io.membrane.directory.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.zeromq.SocketType;
import org.zeromq.ZContext;
import org.zeromq.ZMQ;
import org.zeromq.ZMQ.Socket;

/**
 * An engine's publisher, which can be told to lose what it says, to repeat itself and to die. It is
 * an XPUB socket, which sees its subscribers come.
 */
public final class EnginePublisher implements AutoCloseable {

  private static final byte[] TOPIC = "kv-events".getBytes(StandardCharsets.US_ASCII);

  private final Queue<Runnable> work = new ConcurrentLinkedQueue<>();
  private final CompletableFuture<String> endpoint = new CompletableFuture<>();
  private final CompletableFuture<String> replayEndpoint = new CompletableFuture<>();
  private final CompletableFuture<Void> heard = new CompletableFuture<>();
  private final List<byte[]> said = new ArrayList<>();
  private final boolean repliesWithTopic;
  private final Thread thread;
  private @Nullable Socket out;
  private volatile boolean isStopping;

  /** One at ports of its own. */
  public EnginePublisher() {
    this("tcp://127.0.0.1:*", "tcp://127.0.0.1:*", true);
  }

  /**
   * @param endpoint to bind, or to connect to if it begins with {@code >}
   * @param repliesWithTopic as newer versions do
   */
  public EnginePublisher(String endpoint, String replayEndpoint, boolean repliesWithTopic) {
    this.repliesWithTopic = repliesWithTopic;
    this.thread =
        Thread.ofPlatform().daemon().name("publisher").start(() -> live(endpoint, replayEndpoint));
  }

  public String endpoint() {
    return soon(endpoint);
  }

  public String replayEndpoint() {
    return soon(replayEndpoint);
  }

  /** Waits until somebody has subscribed. */
  public void awaitSubscriber() {
    soon(heard);
  }

  /** Says something. */
  public void say(byte[] payload) {
    work.add(() -> {
      said.add(payload);
      send(said.size() - 1);
    });
  }

  /** Says something that does not arrive. */
  public void lose(byte[] payload) {
    work.add(() -> said.add(payload));
  }

  /** Says again what it said. */
  public void repeat(int sequence) {
    work.add(() -> send(sequence));
  }

  /** Dies. */
  @Override
  public void close() {
    isStopping = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T> T soon(CompletableFuture<T> future) {
    return future.orTimeout(20, TimeUnit.SECONDS).join();
  }

  private void send(int sequence) {
    Socket to = Objects.requireNonNull(out);
    to.sendMore(TOPIC);
    to.sendMore(number(sequence));
    to.send(said.get(sequence));
  }

  private void live(String at, String replayAt) {
    try {
      run(at, replayAt);
    } catch (RuntimeException | Error e) {
      endpoint.completeExceptionally(e);
      replayEndpoint.completeExceptionally(e);
      heard.completeExceptionally(e);
      throw e;
    }
  }

  private void run(String at, String replayAt) {
    try (ZContext context = new ZContext();
        Socket publisher = context.createSocket(SocketType.XPUB);
        Socket router = context.createSocket(SocketType.ROUTER)) {
      out = publisher;
      if (at.startsWith(">")) {
        publisher.connect(at.substring(1));
      } else {
        bind(publisher, at);
      }
      bind(router, replayAt);
      endpoint.complete(publisher.getLastEndpoint());
      replayEndpoint.complete(router.getLastEndpoint());
      try (ZMQ.Poller poller = context.createPoller(2)) {
        poller.register(publisher, ZMQ.Poller.POLLIN);
        poller.register(router, ZMQ.Poller.POLLIN);
        while (!isStopping) {
          poller.poll(5);
          byte[] subscription = publisher.recv(ZMQ.DONTWAIT);
          if (subscription != null && subscription.length > 0 && subscription[0] == 1) {
            heard.complete(null);
          }
          for (Runnable next = work.poll(); next != null; next = work.poll()) {
            next.run();
          }
          answer(router);
        }
      }
    }
  }

  /** The port of one that died may be taken for a moment, by whoever tries to reach it. */
  private static void bind(Socket socket, String at) {
    Awaitility.await().pollInSameThread().ignoreExceptions().until(() -> socket.bind(at));
  }

  private void answer(Socket router) {
    byte[] caller = router.recv(ZMQ.DONTWAIT);
    if (caller == null) {
      return;
    }
    router.recv();
    long from = ByteBuffer.wrap(router.recv()).getLong();
    for (int i = (int) from; i < said.size(); i++) {
      reply(router, caller, TOPIC, i, said.get(i));
    }
    reply(router, caller, new byte[0], -1, new byte[0]);
  }

  private void reply(Socket router, byte[] caller, byte[] topic, long number, byte[] payload) {
    router.sendMore(caller);
    router.sendMore(new byte[0]);
    if (repliesWithTopic) {
      router.sendMore(topic);
    }
    router.sendMore(number(number));
    router.send(payload);
  }

  private static byte[] number(long number) {
    return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
  }
}
