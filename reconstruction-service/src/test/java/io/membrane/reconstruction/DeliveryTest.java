package io.membrane.reconstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Tokens;
import io.membrane.fixture.FaultProxy.Fault.CutAfter;
import io.membrane.fixture.FaultProxy.Fault.FlipBit;
import io.membrane.fixture.FaultProxy.Fault.Refuse;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.FragmentClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Contexts whose fragments are wanted as bytes. */
class DeliveryTest extends FleetTest {

  private List<Frame> frames(HttpResponse<InputStream> response) throws IOException {
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).hasValue(Frame.MEDIA_TYPE);
    List<Frame> frames = new ArrayList<>();
    try (InputStream in = response.body()) {
      FrameReader reader = new FrameReader(in, 1 << 20, 100_000);
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        frames.add(frame);
      }
    }
    return frames;
  }

  @Test
  void theFragmentsOfAllFullBlocksAreStreamedInOrder() throws IOException {
    Tokens prompt = tokens(60, 100);

    HttpResponse<InputStream> response =
        postForBytes(context(prompt).with("deliver", "bytes").json());

    List<Frame> frames = frames(response);
    assertThat(frames).extracting(f -> f.header().key()).isEqualTo(keys(prompt));
    assertThat(frames)
        .allSatisfy(f -> {
          assertThat(f.status()).isEqualTo(200);
          assertThat(ContentDigest.of(f.body())).isEqualTo(f.header().digest());
          assertThat(f.body())
              .isEqualTo(MiniFleet.kv(f.header().key().hash(), MiniWorker.PAYLOAD_BYTES));
        });
    String id = response.headers().firstValue("Membrane-Context-Id").orElseThrow();
    assertThat(get("/v1/contexts/" + id + "/explanation").body())
        .contains("\"prefilled_tokens\":100");
  }

  @Test
  void aFragmentThatWentMissingInBetweenIsAFrameWithItsProblem() throws IOException {
    Tokens prompt = tokens(61, 96);
    store("local", prompt, 6);
    FragmentKey lost = keys(prompt).get(3);
    FLEET.afterExists(() -> FLEET.lose(lost));

    List<Frame> frames = frames(postForBytes(context(prompt).with("deliver", "bytes").json()));

    assertThat(frames).hasSize(6);
    assertThat(frames.get(3).status()).isEqualTo(404);
    assertThat(Objects.requireNonNull(frames.get(3).header().problem()).code())
        .isEqualTo("fragment_not_found");
    assertThat(frames.get(4).status()).isEqualTo(200);
  }

  @Test
  void damagedBytesAreNotPassedOn() throws IOException {
    Tokens prompt = tokens(62, 96);
    store("local", prompt, 6);
    FLEET.damage(keys(prompt).get(1));

    List<Frame> frames = frames(postForBytes(context(prompt).with("deliver", "bytes").json()));

    assertThat(frames).extracting(Frame::status).containsExactly(200, 422, 200, 200, 200, 200);
    assertThat(frames.get(1).body()).isEmpty();
    assertThat(get("/actuator/prometheus").body())
        .contains("membrane_reconstruction_corrupt_fragments_total");
  }

  @Test
  void moreFragmentsThanOneCallTakesAreFetchedInSeveral() throws IOException {
    int blocks = FragmentClient.MAX_KEYS + 4;
    Tokens prompt = tokens(63, 16 * blocks);
    store("local", prompt, blocks);

    assertThat(frames(postForBytes(context(prompt).with("deliver", "bytes").json())))
        .hasSize(blocks);
    assertThat(FLEET.fragments.calls("/v1/fragments/batch-get")).hasSize(2);
    assertThat(FLEET.fragments.calls("/v1/fragments/exists")).hasSize(2);
  }

  @Test
  void onlyWhatIsThereIsDelivered() throws IOException {
    Tokens prompt = tokens(64, 96);
    store("local", prompt, 2);

    assertThat(
            frames(
                postForBytes(
                    context(prompt).with("deliver", "bytes").with("on_miss", "report").json())))
        .hasSize(2);
    assertThat(
            frames(
                postForBytes(
                    context(tokens(65, 96))
                        .with("deliver", "bytes")
                        .with("on_miss", "report")
                        .json())))
        .isEmpty();
  }

  @Test
  void aFragmentServiceThatIsGoneBeforeTheFirstFrameIsAProblem() {
    FLEET.fragments.proxy().inject(new Refuse());

    post(context(tokens(66, 96)).with("deliver", "bytes").json())
        .problem(503, "dependency_unavailable");
  }

  @Test
  void nonsenseInsteadOfFramesIsAProblem() {
    FLEET.fragments.answerInstead("/v1/fragments/batch-get", "these are no frames at all");

    assertThat(
            post(context(tokens(67, 96)).with("deliver", "bytes").json())
                .problem(503, "dependency_unavailable")
                .detail())
        .contains("fragment-service");
  }

  @Test
  void aFragmentServiceThatBreaksOffBreaksTheTransferOff() {
    Tokens prompt = tokens(68, 16 * 1000);
    store("local", prompt, 1000);
    FLEET.fragments.proxy().inject(new CutAfter(1 << 20));

    HttpResponse<InputStream> response =
        postForBytes(context(prompt).with("deliver", "bytes").json());

    assertThat(response.statusCode()).isEqualTo(200);
    assertThatExceptionOfType(IOException.class).isThrownBy(() -> response.body().readAllBytes());
  }

  @Test
  void aFlippedBitOnTheWayIsNeverDeliveredAsData() throws IOException {
    Tokens prompt = tokens(69, 100);
    store("local", prompt, 6);
    for (int offset = 400; offset < 20_000; offset += 1500) {
      FLEET.fragments.proxy().heal();
      FLEET.fragments.proxy().inject(new FlipBit(offset));

      HttpResponse<InputStream> response =
          postForBytes(context(prompt).with("deliver", "bytes").json());

      if (response.statusCode() == 200) {
        assertThat(whole(response.body()))
            .as("offset " + offset)
            .allSatisfy(f ->
                assertThat(f.body())
                    .isEqualTo(MiniFleet.kv(f.header().key().hash(), MiniWorker.PAYLOAD_BYTES)));
      }
    }
  }

  /** The frames that say they are whole, as far as the body goes. */
  private static List<Frame> whole(InputStream body) {
    List<Frame> frames = new ArrayList<>();
    try (body) {
      FrameReader reader = new FrameReader(body, 1 << 20, 100);
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        if (frame.status() == 200) {
          frames.add(frame);
        }
      }
    } catch (IOException | MembraneException e) {
      assertThat(e).isNotNull();
    }
    return frames;
  }
}
