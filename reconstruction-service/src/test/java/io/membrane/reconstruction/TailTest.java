package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy.Fault.Refuse;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.Problem;
import io.membrane.wire.ReconstructionClient.ContextResponse;
import io.membrane.wire.SchedulerClient.Regime;
import io.membrane.wire.TransferBlock;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What lies behind the last full block of a prompt, with two workers. */
class TailTest extends FleetTest {

  private static final String PATH = "/v1/transfer-blocks/";

  private TransferBlock tail(Asked asked) {
    return Objects.requireNonNull(ask(asked.with("tail", true)).transferBlock());
  }

  private static byte[] expected(Tokens prompt) {
    byte[] bytes = new byte[prompt.length() % 16];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) prompt.get(prompt.length() - bytes.length + i);
    }
    return bytes;
  }

  private static void toWorker(String cluster) {
    FLEET.route(request -> MiniFleet.to(cluster, Regime.SCARCE, request));
  }

  private List<Frame> frames(Asked asked) throws IOException {
    List<Frame> frames = new ArrayList<>();
    try (InputStream body =
        postForBytes(asked.with("deliver", "bytes").with("tail", true).json()).body()) {
      FrameReader reader = new FrameReader(body, 1 << 20, 100);
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        frames.add(frame);
      }
    }
    return frames;
  }

  @Test
  void aTailIsFetchedOnceFromTheWorkerThatHasIt() {
    Tokens near = tokens(500, 40);
    Tokens away = tokens(501, 41);
    TransferBlock first = tail(context(near));
    toWorker("far");
    TransferBlock second = tail(context(away));
    assertThat(FLEET.local.tailsHeld()).isEqualTo(1);
    assertThat(FLEET.far.tailsHeld()).isEqualTo(1);

    Answer answer = get(PATH + second.id());

    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.response().headers().firstValue("Repr-Digest"))
        .hasValue(second.digest().toReprDigest())
        .hasValue(ContentDigest.of(expected(away)).toReprDigest());
    assertThat(FLEET.local.tailsHeld()).isEqualTo(1);
    assertThat(get(PATH + first.id()).status()).isEqualTo(200);
    assertThat(FLEET.local.peer.calls(PATH)).hasSize(1);
    get(PATH + first.id()).problem(404, "not_found");
  }

  @Test
  void aPromptOfFullBlocksAndOneThatDoesNotAskHaveNone() {
    assertThat(ask(context(tokens(502, 48)).with("tail", true)).transferBlock()).isNull();
    assertThat(ask(context(tokens(502, 50))).transferBlock()).isNull();
    assertThat(FLEET.local.tailsHeld()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"100, 6", "9, 0"})
  void bytesEndWithTheTail(int length, int blocks) throws IOException {
    Tokens prompt = tokens(503, length);

    List<Frame> frames = frames(context(prompt));

    assertThat(frames).hasSize(blocks + 1).allMatch(frame -> frame.status() == 200);
    assertThat(frames.subList(0, blocks))
        .extracting(frame -> frame.header().key())
        .isEqualTo(keys(prompt));
    Frame.Header last = frames.getLast().header();
    assertThat(frames.getLast().body()).isEqualTo(expected(prompt));
    assertThat(last.digest()).isEqualTo(ContentDigest.of(expected(prompt)));
    assertThat(last.key().slice()).isEqualTo(MiniFleet.SLICE);
    assertThat(Objects.requireNonNull(last.meta()).tokenSpan().from()).isEqualTo(blocks * 16);
    assertThat(last.meta().tokenSpan().to()).isEqualTo(length);
    assertThat(last.meta().parent()).isEqualTo(blocks == 0 ? null : hashes(prompt).getLast());
    assertThat(FLEET.has(last.key())).isFalse();
    assertThat(FLEET.local.tailsHeld()).isZero();
  }

  @Test
  void aTailIsHadWhenAllFullBlocksAreStored() throws IOException {
    Tokens prompt = tokens(504, 100);
    store("local", prompt, 6);

    assertThat(frames(context(prompt)).getLast().body()).isEqualTo(expected(prompt));

    ContextResponse answer = ask(context(prompt).with("tail", true));
    assertThat(answer.coverage().reusedTokens()).isEqualTo(96);
    assertThat(answer.transferBlock()).isNotNull();
  }

  @Test
  void aWorkerThatWasStartedAnewHasNoneAndTheOtherKeepsItsOwn() {
    TransferBlock lost = tail(context(tokens(505, 40)));
    toWorker("far");
    TransferBlock kept = tail(context(tokens(506, 40)));
    FLEET.local.restart();

    get(PATH + lost.id()).problem(404, "not_found");

    assertThat(get(PATH + kept.id()).status()).isEqualTo(200);
    toWorker("local");
    assertThat(get(PATH + tail(context(tokens(507, 40))).id()).status()).isEqualTo(200);
  }

  @Test
  void anIdThatNoWorkerGaveIsUnknown() {
    for (String id : List.of("x", "a.b", ".", "%2e%2e.x", "nobody.1")) {
      get(PATH + id).problem(404, "not_found");
    }
    assertThat(FLEET.local.peer.calls(PATH)).isEmpty();
  }

  @Test
  void aTailThatIsDamagedAtItsWorkerOrOnTheWayIsNotPassedOn() throws IOException {
    TransferBlock block = tail(context(tokens(508, 47)));
    FLEET.local.peer.answerInstead(PATH, "not these bytes");
    get(PATH + block.id()).problem(422, "digest_mismatch");

    List<Frame> frames = frames(context(tokens(509, 40)));

    assertThat(frames).extracting(Frame::status).containsExactly(200, 200, 422);
    assertThat(Objects.requireNonNull(frames.getLast().header().problem()).code())
        .isEqualTo("digest_mismatch");
    assertThat(frames.getLast().body()).isEmpty();
  }

  @Test
  void aTailThatBreaksOffIsAProblemAndTheBlocksAreDelivered() throws IOException {
    FLEET.local.peer.cutMidBody(PATH, "half");

    List<Frame> frames = frames(context(tokens(510, 40)));

    assertThat(frames).extracting(Frame::status).containsExactly(200, 200, 503);
    Problem problem = Objects.requireNonNull(frames.getLast().header().problem());
    assertThat(problem.detail()).contains("prefill again");
  }

  @Test
  void aWorkerThatIsGoneIsUnavailableOnlyForItsOwnTails() {
    TransferBlock lost = tail(context(tokens(511, 40)));
    toWorker("far");
    TransferBlock kept = tail(context(tokens(512, 40)));
    FLEET.local.peer.proxy().inject(new Refuse());

    get(PATH + lost.id()).problem(503, "dependency_unavailable");

    assertThat(get(PATH + kept.id()).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({"on_miss, report", "reuse, approximate"})
  void aTailThatCannotBeIsRefused(String field, String value) {
    post(context(tokens(513, 40)).with("tail", true).with(field, value).json())
        .problem(422, "impossible_request");
  }

  @Test
  void aTailOfATenantIsAskedForInItsName() {
    TransferBlock block = tail(context(tokens(514, 40)));

    get(PATH + block.id(), "Membrane-Tenant", "acme");

    assertThat(FLEET.local.peer.calls(PATH).getLast().tenant()).isEqualTo("acme");
  }
}
