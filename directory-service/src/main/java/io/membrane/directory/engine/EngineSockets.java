package io.membrane.directory.engine;

import io.membrane.directory.engine.wire.KvEventDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.zeromq.SocketType;
import org.zeromq.ZMQ;
import org.zeromq.ZMQ.Poller;
import org.zeromq.ZMQ.Socket;
import org.zeromq.ZMonitor;

/**
 * A publisher's line and its replay. Made, used and closed in one thread.
 *
 * <p>What becomes of the line is noted by ZeroMQ's own thread in a queue that never makes it wait.
 * A monitor socket would: a send to one whose reader is gone blocks that thread, and with it every
 * socket of the context.
 */
final class EngineSockets implements AutoCloseable {

  private static final int MAX_QUEUED_MESSAGES = 10_000;

  /**
   * After which a connection that says nothing is made again. JeroMQ 0.6.0 forgets to listen to
   * some that it makes (<a href="https://github.com/zeromq/jeromq/pull/1022">its pull request
   * 1022</a>); by its default that is noticed after 30 s.
   */
  private static final int HANDSHAKE_MS = 1_000;

  private final ZMQ.Context context;
  private final @Nullable String replayEndpoint;
  private final Socket live;
  private final Poller poller;
  private final Queue<ZMonitor.Event> line = new ConcurrentLinkedQueue<>();
  private @Nullable Socket replay;
  private long replays;

  /**
   * Opens an engine's line.
   *
   * @throws RuntimeException if it cannot be opened
   */
  EngineSockets(Engine engine, ZMQ.Context context) {
    this.context = context;
    this.replayEndpoint = engine.replayEndpoint();
    this.live = socket(SocketType.SUB);
    this.poller = context.poller(2);
    try {
      live.subscribe(engine.topic().getBytes(StandardCharsets.UTF_8));
      live.setEventHook(
          event -> line.add(event.getEvent()),
          ZMQ.EVENT_CONNECTED
              | ZMQ.EVENT_ACCEPTED
              | ZMQ.EVENT_HANDSHAKE_PROTOCOL
              | ZMQ.EVENT_DISCONNECTED);
      boolean isOpen =
          engine.bind() ? live.bind(engine.endpoint()) : live.connect(engine.endpoint());
      if (!isOpen) {
        throw new IllegalStateException("cannot open " + engine.endpoint());
      }
      poller.register(live, Poller.POLLIN);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private Socket socket(SocketType type) {
    Socket socket = context.socket(type);
    socket.setLinger(0);
    socket.setMaxMsgSize(KvEventDecoder.MAX_PAYLOAD);
    socket.setRcvHWM(MAX_QUEUED_MESSAGES);
    socket.setHandshakeIvl(HANDSHAKE_MS);
    return socket;
  }

  /** Waits until there is a message. */
  void await(int ms) {
    poller.poll(ms);
  }

  /**
   * The next thing that became of the line, or null: a connection was made, spoke, or broke. All
   * happened before a message came is there before {@link #nextLive} gives it.
   */
  ZMonitor.@Nullable Event nextOfLine() {
    return line.poll();
  }

  /** The frames of the next message, or none if there is no message. */
  List<byte[]> nextLive() {
    return receive(live);
  }

  /** The frames of the next answer to the replay that was asked last, or none. */
  List<byte[]> nextReplayed() {
    return replay == null ? List.of() : receive(replay);
  }

  /** Asks for messages from a sequence on, and for nothing else any more. */
  void askReplay(long from) {
    stopReplay();
    Socket asked = socket(SocketType.DEALER);
    replay = asked;
    replays++;
    poller.register(asked, Poller.POLLIN);
    asked.connect(Objects.requireNonNull(replayEndpoint));
    asked.sendMore(new byte[0]);
    asked.send(ByteBuffer.allocate(Long.BYTES).putLong(from).array());
  }

  /** Number of the replay that is under way; 0 if none is. */
  long replay() {
    return replay == null ? 0 : replays;
  }

  void stopReplay() {
    if (replay != null) {
      poller.unregister(replay);
      replay.close();
      replay = null;
    }
  }

  @Override
  public void close() {
    stopReplay();
    poller.close();
    live.close();
  }

  private static List<byte[]> receive(Socket socket) {
    List<byte[]> frames = new ArrayList<>(3);
    byte[] frame = socket.recv(ZMQ.DONTWAIT);
    while (frame != null) {
      frames.add(frame);
      frame = socket.hasReceiveMore() ? socket.recv() : null;
    }
    return frames;
  }
}
