package io.membrane.fragment.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.apache.catalina.LifecycleException;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the connector leans on inside Tomcat. Fails when another Tomcat is built differently. */
class TomcatSeamTest {

  private static final int BYTES = 1 << 20;

  @TempDir private Path folder;

  private final ByteBuffer body = ByteBuffer.allocateDirect(BYTES);

  /** Buffers of one write to the socket, or one read of it, by address and length. */
  private record Write(List<Long> addresses, List<Integer> lengths) {

    static Write of(ByteBuffer... buffers) {
      return new Write(
          Arrays.stream(buffers).map(b -> address(b)).toList(),
          Arrays.stream(buffers).map(ByteBuffer::remaining).toList());
    }
  }

  private static long address(ByteBuffer buffer) {
    return buffer.isDirect() ? MemorySegment.ofBuffer(buffer).address() : -1;
  }

  /** Sees what reaches the socket. */
  private static final class Watched extends DirectWriteEndpoint {
    private final ConcurrentLinkedQueue<Write> writes = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Write> reads = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<NioChannel> made = new ConcurrentLinkedQueue<>();

    @Override
    protected NioChannel createChannel(SocketBufferHandler buffers) {
      NioChannel channel =
          new NioChannel(buffers) {
            @Override
            public int read(ByteBuffer target) throws IOException {
              reads.add(Write.of(target));
              return super.read(target);
            }

            @Override
            public int write(ByteBuffer source) throws IOException {
              note(source);
              return super.write(source);
            }

            @Override
            public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
              note(sources);
              return super.write(sources, offset, length);
            }
          };
      made.add(channel);
      return channel;
    }

    private void note(ByteBuffer... sources) {
      if (Arrays.stream(sources).anyMatch(ByteBuffer::hasRemaining)) {
        writes.add(Write.of(sources));
      }
    }
  }

  private RunningTomcat start(Watched endpoint) throws LifecycleException {
    return new RunningTomcat(folder, endpoint)
        .start((request, response) -> {
          response.getCoyoteResponse().setContentLength(BYTES);
          response.getCoyoteResponse().doWrite(body.duplicate());
        });
  }

  @Test
  void headersAndBodyLeaveInOneGatheringWriteWithoutACopyOfTheBody()
      throws IOException, LifecycleException {
    Watched endpoint = new Watched();
    try (RunningTomcat tomcat = start(endpoint);
        RawClient client = RawClient.to(tomcat.port())) {
      assertThat(client.ask("GET", "/").body()).hasSize(BYTES);
      Write first = endpoint.writes.element();
      assertThat(first.addresses()).hasSize(2).last().isEqualTo(address(body));
      assertThat(first.lengths().getLast()).isEqualTo(BYTES);
      assertThat(endpoint.writes.stream().skip(1))
          .allSatisfy(write ->
              assertThat(write.addresses().getFirst())
                  .isBetween(address(body), address(body) + BYTES - 1));
    }
  }

  @Test
  void aBodyIsReadFromTheSocketToWhereItIsToLie() throws IOException, LifecycleException {
    Watched endpoint = new Watched();
    long start = address(body);
    RunningTomcat.Service service =
        (request, response) -> {
          DirectInput in = Objects.requireNonNull(DirectInput.of(request));
          while (body.hasRemaining()) {
            in.read(body);
          }
          response.setContentLength(0);
        };
    try (RunningTomcat tomcat =
            new RunningTomcat(folder, endpoint).start(service, new DirectOutputValve());
        RawClient client = RawClient.to(tomcat.port())) {
      client.send("PUT", "/", "Content-Length: " + BYTES);
      client.sendBytes(new byte[BYTES], 0, BYTES);
      assertThat(client.answerTo("PUT").status()).isEqualTo(200);
      assertThat(endpoint.reads)
          .anySatisfy(
              read -> assertThat(read.addresses().getFirst()).isBetween(start, start + BYTES - 1));
    }
  }

  @Test
  void aConnectionIsSetUpAsTomcatItselfSetsItUp() throws IOException, LifecycleException {
    Watched endpoint = new Watched();
    try (RunningTomcat tomcat = start(endpoint);
        RawClient client = RawClient.to(tomcat.port())) {
      client.ask("GET", "/");
      assertThat(endpoint.getConnections()).hasSize(1);
      SocketWrapperBase<NioChannel> connection = endpoint.getConnections().iterator().next();
      assertThat(connection).isInstanceOf(DirectWriteConnection.class);
      assertThat(connection.getReadTimeout()).isEqualTo(endpoint.getConnectionTimeout());
      assertThat(connection.getWriteTimeout()).isEqualTo(endpoint.getConnectionTimeout());
      assertThat(connection.getSocket().getIOChannel().socket().getTcpNoDelay()).isTrue();
      assertThat(connection.getSocket().getIOChannel().isBlocking()).isFalse();
      ByteBuffer buffer = connection.getSocketBufferHandler().getWriteBuffer();
      assertThat(buffer.isDirect()).isTrue();
      assertThat(buffer.capacity()).isEqualTo(256 << 10);
      assertThat(endpoint.getConnectionCount()).isGreaterThanOrEqualTo(1);
    }
  }

  @Test
  void theChannelsOfConnectionsThatHaveEndedAreUsedAgain() throws IOException, LifecycleException {
    Watched endpoint = new Watched();
    try (RunningTomcat tomcat = start(endpoint)) {
      for (int i = 0; i < 20; i++) {
        try (RawClient client = RawClient.to(tomcat.port())) {
          assertThat(client.ask("GET", "/").body()).hasSize(BYTES);
        }
        await().until(() -> endpoint.getConnections().isEmpty());
      }
      assertThat(endpoint.made.size()).isLessThan(20);
    }
  }

  /** If this fails, read the new method and bring {@link DirectWriteEndpoint} in line with it. */
  @Test
  void tomcatSetsAConnectionUpByTheCallsThatAreMadeHereToo() throws IOException {
    assertThat(callsOf("setSocketOptions"))
        .startsWith(
            "pop",
            "getAppReadBufSize",
            "getAppWriteBufSize",
            "getDirectBuffer",
            "<init>",
            "createChannel",
            "<init>",
            "reset",
            "put",
            "configureBlocking",
            "getUnixDomainSocketPath",
            "socket",
            "setProperties",
            "getConnectionTimeout",
            "setReadTimeout",
            "getConnectionTimeout",
            "setWriteTimeout",
            "getMaxKeepAliveRequests",
            "setKeepAliveLeft",
            "register",
            "handleThrowable");
  }

  private static List<String> callsOf(String method) throws IOException {
    try (InputStream in = NioEndpoint.class.getResourceAsStream("NioEndpoint.class")) {
      return ClassFile.of().parse(Objects.requireNonNull(in).readAllBytes()).methods().stream()
          .filter(m -> m.methodName().equalsString(method))
          .flatMap(m -> m.code().orElseThrow().elementStream())
          .flatMap(e -> e instanceof InvokeInstruction call ? Stream.of(call) : Stream.empty())
          .map(call -> call.name().stringValue())
          .toList();
    }
  }
}
