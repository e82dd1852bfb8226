package io.membrane.system;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import io.membrane.system.FragmentModel.Call;
import io.membrane.system.FragmentModel.Cell;
import io.membrane.system.FragmentModel.Tenant;
import io.membrane.system.Http.Answer;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.FragmentClient.Keys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Calls of fragments by way of any replica, and what their answers say. */
final class FragmentCalls {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Http http = new Http(URI.create("http://replica"));
  private final FragmentModel model;
  private final List<FragmentReplica> replicas;
  private final Random random;

  FragmentCalls(FragmentModel model, List<FragmentReplica> replicas, Random random) {
    this.model = model;
    this.replicas = replicas;
    this.random = random;
  }

  /** An answer and when it came; no answer if the connection broke. */
  record Told(@Nullable Answer answer, Call call) {

    int status() {
      return answer == null ? 0 : answer.status();
    }

    Answer answered() {
      if (answer == null) {
        throw new IllegalStateException("no answer");
      }
      return answer;
    }
  }

  /** To any of the replicas. */
  Told send(HttpRequest.Builder request) {
    int replica = random.nextInt(replicas.size());
    URI to = replicas.get(replica).url(random.nextBoolean());
    long sentMs = System.currentTimeMillis();
    Answer answer = null;
    try {
      answer = http.send(request.uri(to.resolve(request.build().uri().getPath())));
    } catch (UncheckedIOException e) {
      // The connection broke, or there is none.
    }
    model.answers.merge(answer == null ? 0 : answer.status(), 1, Integer::sum);
    return new Told(answer, new Call(replica, sentMs, System.currentTimeMillis()));
  }

  /** A request to a replica that is chosen later. */
  private static HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("http://replica/v1/fragments/" + path))
        .timeout(PATIENCE);
  }

  static HttpRequest.Builder get(Cell cell, Tenant tenant) {
    return request(cell, tenant).GET();
  }

  static HttpRequest.Builder request(Cell cell, Tenant tenant) {
    return to(cell.key.toString()).header(CallContext.TENANT_HEADER, tenant.name());
  }

  static HttpRequest.Builder post(String call, Tenant tenant, byte[] body, String type) {
    return to(call)
        .header(CallContext.TENANT_HEADER, tenant.name())
        .header("Content-Type", type)
        .POST(BodyPublishers.ofByteArray(body));
  }

  static byte[] keys(List<Cell> cells) {
    List<FragmentKey> keys = new ArrayList<>();
    cells.forEach(cell -> keys.add(cell.key));
    return WireJson.mapper().writeValueAsBytes(new Keys(keys));
  }

  static String digest(Answer answer) {
    String tag = answer.header("Repr-Digest");
    return ContentDigest.parseReprDigest(tag).hex();
  }

  static String code(Frame frame) {
    Problem problem = frame.header().problem();
    return problem == null ? "" : problem.code();
  }

  static String code(Answer answer) {
    return answer.status() < 400 || answer.response().body().length == 0
        ? ""
        : answer.json().path("code").asString();
  }

  /** The body of a batch of puts. */
  byte[] framed(List<Cell> cells, List<String> values) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    FrameWriter writer = new FrameWriter(body);
    try {
      for (int i = 0; i < cells.size(); i++) {
        Cell cell = cells.get(i);
        String value = values.get(i);
        FragmentMeta meta =
            new FragmentMeta(Seeds.namespace(16), null, cell.span, null, null, false);
        writer.write(Frame.payload(200, cell.key, meta, new ContentDigest(value), bytes(value)));
      }
      writer.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return body.toByteArray();
  }

  byte[] bytes(String value) {
    byte[] bytes = model.contents.get(value);
    if (bytes == null) {
      throw new IllegalStateException("no content " + value);
    }
    return bytes;
  }

  static void equal(String found, String wanted, Cell cell) {
    expect(found.equals(wanted), "'" + found + "' instead of '" + wanted + "'", cell);
  }

  static void expect(boolean holds, String what, Cell cell) {
    if (!holds) {
      throw new AssertionError(what + "; " + cell);
    }
  }
}
