package io.membrane.fragment;

import static io.membrane.fragment.FragmentHttp.code;
import static io.membrane.fragment.FragmentHttp.header;
import static io.membrane.fragment.FragmentHttp.json;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.fragment.connector.RawClient;
import io.membrane.fragment.store.MemoryTier;
import io.membrane.fragment.store.ResumableUploads;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;

/** Resumable uploads as the draft's clients see them. */
class UploadEndpointTest extends RunningService {

  private static final int PART = ResumableUploads.PART_BYTES;
  private static final String PART_TYPE = "application/partial-upload";

  private final Random random = new Random(37);
  private final FragmentKey key = FragmentHttp.key(random);
  private final byte[] body = Seeds.bytes(random, 3 * PART + 1000);

  @Autowired private MemoryTier memory;

  @AfterEach
  void allMemoryIsGivenBack() {
    Awaitility.await().until(() -> memory.passingBytes() == 0);
    assertThat(memory.leaks()).isZero();
  }

  @Test
  void anUploadInThreeRequestsIsTheFragmentOfAPut() throws IOException {
    HttpResponse<byte[]> begun = begin(part(0, 1000), "Upload-Complete", "?0");
    assertThat(begun.statusCode()).isEqualTo(201);
    assertThat(header(begun, "Location")).matches("/v1/uploads/[0-9a-f]{32}");
    assertThat(header(begun, "Upload-Offset")).isEqualTo("1000");
    assertThat(header(begun, "Upload-Complete")).isEqualTo("?0");
    assertThat(header(begun, "Upload-Limit")).isEqualTo("max-size=1048576, max-age=3600");
    String at = header(begun, "Location");

    HttpResponse<byte[]> appended = patch(at, 1000, part(1000, 300_000), "?0");
    assertThat(appended.statusCode()).isEqualTo(204);
    assertThat(header(appended, "Upload-Offset")).isEqualTo("300000");
    assertThat(header(appended, "Upload-Complete")).isEqualTo("?0");

    HttpResponse<byte[]> known = head(at);
    assertThat(known.statusCode()).isEqualTo(204);
    assertThat(header(known, "Upload-Offset")).isEqualTo("300000");
    assertThat(header(known, "Upload-Complete")).isEqualTo("?0");
    assertThat(header(known, "Upload-Length")).isEmpty();
    assertThat(header(known, "Cache-Control")).isEqualTo("no-store");
    assertThat(http.head(key).statusCode()).isEqualTo(404);

    HttpResponse<byte[]> done = patch(at, 300_000, part(300_000, body.length), "?1");
    assertThat(done.statusCode()).isEqualTo(201);
    assertThat(header(done, "Upload-Complete")).isEqualTo("?1");
    assertThat(header(done, "ETag")).isEqualTo(ContentDigest.of(body).toEtag());
    assertThat(header(done, "Membrane-Log-Position")).matches("\\d+-\\d+");
    assertThat(http.get(key).body()).isEqualTo(body);

    HttpResponse<byte[]> again = patch(at, body.length, BodyPublishers.noBody(), "?1");
    assertThat(again.statusCode()).isEqualTo(201);
    assertThat(again.headers().firstValue("Membrane-Log-Position"))
        .isEqualTo(done.headers().firstValue("Membrane-Log-Position"));
    assertThat(header(head(at), "Upload-Complete")).isEqualTo("?1");
    assertThat(patch(at, body.length, part(0, 10), "?0").statusCode()).isEqualTo(409);
    Awaitility.await().until(() -> redis.keys("membrane:upload:*").isEmpty());
  }

  @Test
  void anUploadThatIsWholeAtOnceIsAPut() throws IOException {
    HttpResponse<byte[]> stored = begin(part(0, body.length), "Upload-Complete", "?1");
    assertThat(stored.statusCode()).isEqualTo(201);
    assertThat(header(stored, "Upload-Complete")).isEqualTo("?1");
    assertThat(http.get(key).body()).isEqualTo(body);
    assertThat(begin(part(0, body.length), "Upload-Complete", "?1").statusCode()).isEqualTo(200);
    assertThat(begin(part(0, 10), "Upload-Complete", "?1").statusCode()).isEqualTo(409);
    HttpResponse<byte[]> inconsistent =
        begin(part(0, 10), "Upload-Complete", "?1", "Upload-Length", "11");
    assertThat(code(inconsistent)).isEqualTo("upload_length_mismatch");
    assertThat(header(inconsistent, "Upload-Complete")).isEqualTo("?0");
  }

  /** The connection breaks at, before, behind and between the boundaries of parts. */
  @ParameterizedTest
  @ValueSource(
      ints = {
        1,
        PART / 2,
        PART - 1,
        PART,
        PART + 1,
        PART + 77_777,
        2 * PART - 1,
        2 * PART,
        2 * PART + 1,
        3 * PART - 1,
        3 * PART,
        3 * PART + 1,
        3 * PART + 999
      })
  void whatCameBeforeABreakStaysAndTheRestCompletesIt(int sent) throws IOException {
    String at = header(begin(BodyPublishers.noBody(), "Upload-Complete", "?0"), "Location");
    cut(at, 0, sent, random.nextBoolean());
    Awaitility.await().until(() -> offsetInRedis(at) == sent);
    assertThat(header(head(at), "Upload-Offset")).isEqualTo(Integer.toString(sent));
    assertThat(http.head(key).statusCode()).isEqualTo(404);
    assertThat(patch(at, sent, part(sent, body.length), "?1").statusCode()).isEqualTo(201);
    assertThat(http.get(key).body()).isEqualTo(body);
    Awaitility.await().until(() -> redis.keys("membrane:upload:*").isEmpty());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aClientThatIsCutAgainAndAgainArrivesAtItsBytes(long seed) throws IOException {
    Random cuts = new Random(seed);
    String at = header(begin(BodyPublishers.noBody(), "Upload-Complete", "?0"), "Location");
    int offset = 0;
    for (int i = 0; i < 12; i++) {
      cut(at, offset, offset + cuts.nextInt(body.length - offset), cuts.nextBoolean());
      // At once: what the server still reads of the broken request must not come in after this.
      offset = Integer.parseInt(header(head(at), "Upload-Offset"));
    }
    HttpResponse<byte[]> last = patch(at, offset, part(offset, body.length), "?1");
    while (last.statusCode() == 409) {
      // A request that was cut has arrived only now; there are twelve at most.
      offset = Integer.parseInt(header(head(at), "Upload-Offset"));
      last = patch(at, offset, part(offset, body.length), "?1");
    }
    assertThat(last.statusCode()).isEqualTo(201);
    assertThat(http.get(key).body()).isEqualTo(body);
  }

  @Test
  void anotherOffsetThanTheUploadsIsAConflictOfTheDraftsType() throws IOException {
    String at = header(begin(part(0, 500), "Upload-Complete", "?0"), "Location");
    for (long wrong : new long[] {0, 499, 501}) {
      HttpResponse<byte[]> answer = patch(at, wrong, part(0, 100), "?0");
      assertThat(answer.statusCode()).isEqualTo(409);
      assertThat(header(answer, "Content-Type")).isEqualTo("application/problem+json");
      assertThat(header(answer, "Upload-Offset")).isEqualTo("500");
      assertThat(header(answer, "Upload-Complete")).isEqualTo("?0");
      assertThat(json(answer).path("type").asString())
          .isEqualTo("https://iana.org/assignments/http-problem-types#mismatching-upload-offset");
      assertThat(json(answer).path("expected-offset").asLong()).isEqualTo(500);
      assertThat(json(answer).path("provided-offset").asLong()).isEqualTo(wrong);
      assertThat(code(answer)).isEqualTo("upload_offset_mismatch");
    }
  }

  @Test
  void moreOrLessThanTheLengthIsRefused() throws IOException {
    String at =
        header(begin(part(0, 500), "Upload-Complete", "?0", "Upload-Length", "1000"), "Location");
    assertThat(header(head(at), "Upload-Length")).isEqualTo("1000");
    HttpResponse<byte[]> longer = patch(at, 500, part(500, 1100), "?0");
    assertThat(code(longer)).isEqualTo("upload_length_mismatch");
    assertThat(code(patch(at, 500, part(500, 900), "?1"))).isEqualTo("upload_length_mismatch");
    HttpResponse<byte[]> shorter = patch(at, 500, chunked(500, 900), "?1");
    assertThat(shorter.statusCode()).isEqualTo(400);
    assertThat(header(shorter, "Upload-Complete")).isEqualTo("?0");
    assertThat(header(shorter, "Upload-Offset")).isEqualTo("900");
    HttpResponse<byte[]> undeclared = patch(at, 900, chunked(900, 1100), "?0");
    assertThat(undeclared.statusCode()).isEqualTo(400);
    assertThat(header(head(at), "Upload-Complete")).isEqualTo("?1");
    Awaitility.await().until(() -> redis.keys("membrane:upload:*").isEmpty());
  }

  @Test
  void anUploadIsBoundedEvenIfItsLengthIsNotSaid() throws IOException {
    assertThat(
            begin(BodyPublishers.ofByteArray(new byte[MAX_BYTES + 1]), "Upload-Complete", "?0")
                .statusCode())
        .isEqualTo(413);
    assertThat(
            begin(BodyPublishers.noBody(), "Upload-Complete", "?0", "Upload-Length", "1048577")
                .statusCode())
        .isEqualTo(413);
    String at = header(begin(BodyPublishers.noBody(), "Upload-Complete", "?0"), "Location");
    byte[] most = new byte[MAX_BYTES];
    assertThat(patch(at, 0, BodyPublishers.ofByteArray(most), "?0").statusCode()).isEqualTo(204);
    HttpResponse<byte[]> more =
        patch(
            at,
            MAX_BYTES,
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[] {1})),
            "?0");
    assertThat(more.statusCode()).isEqualTo(413);
    assertThat(code(patch(at, 0, BodyPublishers.noBody(), "?1"))).isEqualTo("too_large");
  }

  @Test
  void bytesWithAnotherDigestAreNotStoredAndEndTheUpload() throws IOException {
    String wrong = ContentDigest.of(bytes("other")).toReprDigest();
    String at =
        header(begin(part(0, 10), "Upload-Complete", "?0", "Repr-Digest", wrong), "Location");
    HttpResponse<byte[]> answer = patch(at, 10, part(10, 20), "?1");
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(code(answer)).isEqualTo("digest_mismatch");
    assertThat(header(answer, "Upload-Complete")).isEqualTo("?1");
    assertThat(patch(at, 20, BodyPublishers.noBody(), "?1").statusCode()).isEqualTo(422);
    assertThat(http.head(key).statusCode()).isEqualTo(404);

    String other = header(begin(part(0, 10), "Upload-Complete", "?0"), "Location");
    String right = ContentDigest.of(Arrays.copyOf(body, 20)).toReprDigest();
    assertThat(patch(other, 10, part(10, 20), "?1", "Repr-Digest", right).statusCode())
        .isEqualTo(201);
  }

  @Test
  void aCancelledUploadIsGoneAndSoIsOneOfAnotherTenant() throws IOException {
    String at = header(begin(part(0, 10), "Upload-Complete", "?0"), "Location");
    assertThat(http.send(http.request(at).HEAD().header("Membrane-Tenant", "b")).statusCode())
        .isEqualTo(404);
    assertThat(http.send(http.request(at).DELETE().header("Membrane-Tenant", "b")).statusCode())
        .isEqualTo(204);
    assertThat(head(at).statusCode()).isEqualTo(204);
    for (int i = 0; i < 2; i++) {
      assertThat(http.send(http.request(at).DELETE()).statusCode()).isEqualTo(204);
      assertThat(head(at).statusCode()).isEqualTo(404);
      assertThat(code(patch(at, 10, part(10, 20), "?1"))).isEqualTo("not_found");
    }
    Awaitility.await().until(() -> redis.keys("*upload*").isEmpty());
    assertThat(head("/v1/uploads/no-such-id").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({
    "Upload-Complete, 1",
    "Upload-Complete, ''",
    "Upload-Complete, true",
    "Upload-Offset, -1",
    "Upload-Offset, 1.5",
    "Upload-Offset, 1234567890123456"
  })
  void whatIsNoStructuredFieldIsRefused(String name, String value) throws IOException {
    String at = header(begin(part(0, 10), "Upload-Complete", "?0"), "Location");
    List<String> headers =
        new ArrayList<>(
            List.of("Upload-Complete", "?0", "Upload-Offset", "10", "Content-Type", PART_TYPE));
    headers.set(headers.indexOf(name) + 1, value);
    HttpResponse<byte[]> answer =
        http.send(
            http.request(at).method("PATCH", part(10, 20)).headers(headers.toArray(String[]::new)));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(code(answer)).isEqualTo("malformed_request");
    assertThat(header(head(at), "Upload-Offset")).isEqualTo("10");
  }

  @Test
  void anotherMediaTypeIsRefusedAndTheLimitsCanBeAskedFor() throws IOException {
    String at = header(begin(part(0, 10), "Upload-Complete", "?0"), "Location");
    HttpResponse<byte[]> answer =
        http.send(
            http.request(at)
                .method("PATCH", part(10, 20))
                .headers("Upload-Complete", "?0", "Upload-Offset", "10")
                .header("Content-Type", "application/octet-stream"));
    assertThat(answer.statusCode()).isEqualTo(415);
    HttpResponse<byte[]> limits =
        http.send(http.request("/v1/uploads").method("OPTIONS", BodyPublishers.noBody()));
    assertThat(limits.statusCode()).isEqualTo(204);
    assertThat(header(limits, "Upload-Limit")).isEqualTo("max-size=1048576, max-age=3600");
  }

  @Test
  void aDeadlineThatPassesKeepsWhatHasCome() throws IOException {
    String at = header(begin(BodyPublishers.noBody(), "Upload-Complete", "?0"), "Location");
    try (RawClient client = RawClient.to(port())) {
      client.sendText(patchHead(at, 0, false, "Membrane-Deadline-Ms: 300"));
      client.sendText(new String(body, 0, 5000, ISO_8859_1));
      Awaitility.await().until(() -> memory.passingBytes() > 0);
      Awaitility.await()
          .until(() -> {
            // Each byte lets the server look at its clock.
            client.sendText(new String(body, 5000, 1, ISO_8859_1));
            return offsetInRedis(at) >= 5000;
          });
      assertThat(client.answerTo("PATCH").status()).isEqualTo(503);
    }
  }

  /**
   * Sends a PATCH of the rest and breaks the connection when it has sent the bytes to {@code to}.
   */
  private void cut(String at, int from, int to, boolean complete) throws IOException {
    try (RawClient client = RawClient.to(port())) {
      client.sendText(patchHead(at, from, complete));
      client.sendText(new String(body, from, to - from, ISO_8859_1));
    }
  }

  private String patchHead(String at, int from, boolean complete, String... more) {
    List<String> lines =
        new ArrayList<>(
            List.of(
                "PATCH " + at + " HTTP/1.1",
                "Host: here",
                "Content-Type: " + PART_TYPE,
                "Upload-Offset: " + from,
                "Upload-Complete: " + (complete ? "?1" : "?0"),
                "Content-Length: " + (body.length - from)));
    lines.addAll(List.of(more));
    return String.join("\r\n", lines) + "\r\n\r\n";
  }

  private long offsetInRedis(String at) {
    byte[] upload = bytes("{membrane}:upload:" + at.substring(at.lastIndexOf('/') + 1));
    return Long.parseLong(new String(redis.hget(upload, bytes("offset")), ISO_8859_1));
  }

  private BodyPublisher part(int from, int to) {
    return BodyPublishers.ofByteArray(body, from, to - from);
  }

  private BodyPublisher chunked(int from, int to) {
    return BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body, from, to - from));
  }

  private HttpResponse<byte[]> begin(BodyPublisher first, String... more) throws IOException {
    List<String> headers = new ArrayList<>(FragmentHttp.META);
    headers.addAll(List.of("Membrane-Fragment", key.toString()));
    headers.addAll(List.of(more));
    return http.send(
        http.request("/v1/uploads").POST(first).headers(headers.toArray(String[]::new)));
  }

  private HttpResponse<byte[]> patch(
      String at, long offset, BodyPublisher part, String complete, String... more)
      throws IOException {
    List<String> headers = new ArrayList<>(List.of(more));
    headers.addAll(
        List.of(
            "Content-Type",
            PART_TYPE,
            "Upload-Offset",
            Long.toString(offset),
            "Upload-Complete",
            complete));
    return http.send(
        http.request(at).method("PATCH", part).headers(headers.toArray(String[]::new)));
  }

  private HttpResponse<byte[]> head(String at) throws IOException {
    return http.send(http.request(at).HEAD());
  }
}
