package io.membrane.fragment;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.TokenSpan;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.offheap.Claim;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.fragment.store.Name;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.Problem;
import io.membrane.rpc.ServiceClients;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.FragmentClient.Existence;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.FragmentClient.Keys;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;

class BatchEndpointTest extends RunningService {

  private static final FragmentMeta META =
      new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 16), null, null, false);

  private final Random random = new Random(13);

  @Autowired private MemoryTier memory;
  @Autowired private ServiceClients clients;

  @Test
  void existenceIsToldPerKeyAndAsALeadingRun() throws IOException {
    List<FragmentKey> keys = keys(4);
    for (int i : new int[] {0, 1, 3}) {
      http.put(keys.get(i), bytes("x"));
    }
    assertThat(http.exists(keys)).isEqualTo(new Existence(List.of(true, true, false, true), 2));
    assertThat(http.exists(keys.subList(0, 2))).isEqualTo(new Existence(List.of(true, true), 2));
    assertThat(http.exists(List.of())).isEqualTo(new Existence(List.of(), 0));
  }

  @Test
  void fragmentsComeInTheOrderAskedForWithAFramePerKey() throws IOException {
    List<FragmentKey> keys = keys(30);
    List<byte[]> bodies = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      bodies.add(Seeds.bytes(random, i % 7 == 0 ? MAX_BYTES : 1 + random.nextInt(100_000)));
      if (i % 5 != 3) {
        http.put(keys.get(i), bodies.get(i));
      }
    }
    List<Frame> frames = http.batchGet(keys);
    assertThat(frames).hasSize(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      Frame frame = frames.get(i);
      assertThat(frame.header().key()).isEqualTo(keys.get(i));
      if (i % 5 == 3) {
        assertThat(frame.status()).isEqualTo(404);
        assertThat(problem(frame).code()).isEqualTo("fragment_not_found");
      } else {
        assertThat(frame.status()).isEqualTo(200);
        assertThat(frame.body()).isEqualTo(bodies.get(i));
        assertThat(frame.header().digest()).isEqualTo(ContentDigest.of(bodies.get(i)));
        assertThat(Objects.requireNonNull(frame.header().meta()).tokenSpan())
            .isEqualTo(META.tokenSpan());
      }
    }
    assertThat(memory.passingBytes()).isZero();
  }

  @Test
  void whatHasNoRoomInMemoryFailsItsFramesAndLeaksNothing() throws IOException {
    List<FragmentKey> keys = keys(3);
    for (FragmentKey key : keys) {
      http.put(key, bytes("x"));
      memory.forget(Name.of("tenant:default", key));
    }
    try (Claim all = memory.claim(0)) {
      while (all.grow(4096)) {
        // until nothing is left
      }
      assertThat(http.batchGet(keys)).extracting(Frame::status).containsExactly(429, 429, 429);
    }
    assertThat(http.batchGet(keys)).extracting(Frame::status).containsExactly(200, 200, 200);
    assertThat(memory.passingBytes()).isZero();
  }

  @Test
  void aKeyThatIsAskedForTwiceComesTwice() throws IOException {
    FragmentKey key = keys(1).getFirst();
    http.put(key, bytes("x"));
    assertThat(http.batchGet(List.of(key, key)))
        .extracting(Frame::body)
        .containsExactly(bytes("x"), bytes("x"));
    assertThat(http.exists(List.of(key, key)).leading()).isEqualTo(2);
    assertThat(memory.passingBytes()).isZero();
  }

  @Test
  void anAnswerOfOneWindowTellsItsLength() throws IOException {
    List<FragmentKey> keys = keys(9);
    for (FragmentKey key : keys.subList(0, 8)) {
      http.put(key, Seeds.bytes(random, MAX_BYTES - random.nextInt(2)));
    }
    assertThat(sizeOf(keys.subList(1, 9))).isPositive();
    assertThat(sizeOf(Stream.concat(keys.stream(), keys.stream()).toList())).isEqualTo(-1);
    assertThat(memory.passingBytes()).isZero();
  }

  private long sizeOf(List<FragmentKey> keys) throws IOException {
    HttpResponse<byte[]> answer = http.postJson("/v1/fragments/batch-get", FragmentHttp.keys(keys));
    assertThat(FragmentHttp.frames(answer))
        .extracting(frame -> frame.header().key())
        .containsExactlyElementsOf(keys);
    return answer.headers().firstValueAsLong("Content-Length").orElse(-1);
  }

  @ParameterizedTest
  @ValueSource(ints = {6, 240})
  void aReaderWhoLeavesGivesTheMemoryBack(int asked) throws IOException {
    List<FragmentKey> keys = keys(12);
    for (FragmentKey key : keys) {
      http.put(key, new byte[MAX_BYTES]);
    }
    List<FragmentKey> many =
        Stream.generate(() -> keys).flatMap(List::stream).limit(asked).toList();
    String json = FragmentHttp.keys(many);
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(8 << 10);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port()));
      socket
          .getOutputStream()
          .write(
              bytes(
                  "POST /v1/fragments/batch-get HTTP/1.1\r\nHost: localhost\r\n"
                      + "Content-Type: application/json\r\nContent-Length: "
                      + json.length()
                      + "\r\n\r\n"
                      + json));
      socket.getInputStream().readNBytes(100_000);
    }
    for (FragmentKey key : keys) {
      http.delete(key);
    }
    Awaitility.await().until(() -> memory.keptBytes() + memory.passingBytes() == 0);
  }

  @Test
  void oneBadFragmentDoesNotFailTheRest() throws IOException {
    List<FragmentKey> keys = keys(6);
    http.put(keys.get(1), bytes("b1"));
    http.put(keys.get(2), bytes("taken"));
    FragmentMeta tooLong =
        new FragmentMeta(Seeds.namespace(16), null, new TokenSpan(0, 17), null, null, false);
    List<Frame> frames =
        List.of(
            frame(keys.get(0), META, ContentDigest.of(bytes("b0")), "b0"),
            frame(keys.get(1), META, null, "b1"),
            frame(keys.get(2), META, null, "b2"),
            frame(keys.get(3), META, ContentDigest.of(bytes("else")), "b3"),
            frame(keys.get(4), null, null, "b4"),
            frame(keys.get(4), tooLong, null, "b4"),
            frame(keys.get(5), META, null, "b5"));

    List<Frame> answers = FragmentHttp.frames(http.batchPut(FragmentHttp.body(frames)));

    assertThat(answers)
        .extracting(Frame::status)
        .containsExactly(201, 200, 409, 422, 400, 422, 201);
    assertThat(answers)
        .extracting(answer -> answer.header().key())
        .containsExactlyElementsOf(frames.stream().map(frame -> frame.header().key()).toList());
    assertThat(problem(answers.get(2)).code()).isEqualTo("fragment_conflict");
    assertThat(problem(answers.get(3)).code()).isEqualTo("digest_mismatch");
    assertThat(answers.get(6).header().logPosition()).matches("\\d+-\\d+");
    assertThat(http.exists(keys).present()).containsExactly(true, true, true, false, false, true);
    assertThat(http.get(keys.get(2)).body()).isEqualTo(bytes("taken"));
  }

  @Test
  void ofABodyThatWasCutTheWholeFramesStayAndTheCallFails() throws IOException {
    List<FragmentKey> keys = keys(3);
    byte[] whole =
        FragmentHttp.body(
            keys.stream().map(key -> frame(key, META, null, "b".repeat(1000))).toList());
    byte[] one = FragmentHttp.body(List.of(frame(keys.get(0), META, null, "b".repeat(1000))));
    int firstFrame = one.length - 20;

    HttpResponse<byte[]> answer = http.batchPut(Arrays.copyOf(whole, firstFrame + 500));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(FragmentHttp.code(answer)).isEqualTo("malformed_request");
    assertThat(http.exists(keys).present()).containsExactly(true, false, false);
    assertThat(memory.passingBytes()).isZero();
  }

  @Test
  void aFrameBeyondTheLimitFailsTheCallAndWhatCameBeforeStays() throws IOException {
    List<FragmentKey> keys = keys(2);
    HttpResponse<byte[]> answer =
        http.batchPut(
            FragmentHttp.body(
                List.of(
                    frame(keys.get(0), META, null, "x"),
                    Frame.payload(
                        200,
                        keys.get(1),
                        META,
                        ContentDigest.of(new byte[1]),
                        new byte[MAX_BYTES + 1]))));
    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(http.exists(keys).present()).containsExactly(true, false);
  }

  @Test
  void aWriterThatReadsOnlyAfterItHasWrittenEverythingIsAnswered() throws IOException {

    List<Frame> frames =
        IntStream.range(0, 600).mapToObj(i -> frame(keys(1).getFirst(), META, null, "b")).toList();
    byte[] body = FragmentHttp.body(frames);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
      socket.setReceiveBufferSize(4096);
      socket.setSoTimeout(20_000);
      socket
          .getOutputStream()
          .write(
              bytes(
                  "POST /v1/fragments/batch-put HTTP/1.1\r\nHost: localhost\r\n"
                      + "Connection: close\r\nContent-Type: "
                      + Frame.MEDIA_TYPE
                      + "\r\nContent-Length: "
                      + body.length
                      + "\r\n\r\n"));
      socket.getOutputStream().write(body);
      assertThat(new String(socket.getInputStream().readNBytes(12), US_ASCII))
          .isEqualTo("HTTP/1.1 200");
    }
  }

  @Test
  void theSharedClientPutsAndGets() throws IOException {
    FragmentClient client =
        clients.of(FragmentClient.class, "fragment", URI.create("http://127.0.0.1:" + port()));
    List<FragmentKey> keys = keys(3);
    try (InputStream answers =
        client.batchPut(out -> {
          FrameWriter writer = new FrameWriter(out);
          for (FragmentKey key : keys.subList(0, 2)) {
            writer.write(frame(key, META, null, "of " + key));
          }
          writer.end();
        })) {
      FrameReader reader = new FrameReader(answers, 0, 10);
      assertThat(Objects.requireNonNull(reader.next()).status()).isEqualTo(201);
      assertThat(Objects.requireNonNull(reader.next()).status()).isEqualTo(201);
      assertThat(reader.next()).isNull();
    }
    assertThat(client.exists(new Keys(keys)).leading()).isEqualTo(2);
    try (InputStream answers = client.batchGet(new Keys(keys))) {
      FrameReader reader = new FrameReader(answers, MAX_BYTES, 10);
      for (FragmentKey key : keys.subList(0, 2)) {
        assertThat(Objects.requireNonNull(reader.next()).body()).isEqualTo(bytes("of " + key));
      }
      assertThat(Objects.requireNonNull(reader.next()).status()).isEqualTo(404);
      assertThat(reader.next()).isNull();
    }
  }

  private List<FragmentKey> keys(int count) {
    return IntStream.range(0, count).mapToObj(i -> FragmentHttp.key(random)).toList();
  }

  private static Frame frame(
      FragmentKey key, @Nullable FragmentMeta meta, @Nullable ContentDigest digest, String body) {
    return new Frame(200, new Frame.Header(key, meta, digest, null, null), bytes(body));
  }

  private static Problem problem(Frame frame) {
    return Objects.requireNonNull(frame.header().problem());
  }
}
