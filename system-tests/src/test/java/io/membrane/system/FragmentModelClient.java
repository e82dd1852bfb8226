package io.membrane.system;

import static io.membrane.system.FragmentModel.ABSENT;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import io.membrane.system.FragmentModel.Call;
import io.membrane.system.FragmentModel.Cell;
import io.membrane.system.FragmentModel.Tenant;
import io.membrane.system.Http.Answer;
import io.membrane.wire.FragmentClient.Existence;
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
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A caller that does random things with random fragments and compares every answer. */
final class FragmentModelClient {

  private static final int MOST_IN_BATCH = 6;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final long DAY_MS = 24L * 60 * 60 * 1000;
  private static final Set<String> TROUBLES =
      Set.of("dependency_unavailable", "deadline_exceeded", "overloaded");

  private final Http http = new Http(URI.create("http://replica"));
  private final FragmentModel model;
  private final List<FragmentReplica> replicas;
  private final Random random;

  FragmentModelClient(FragmentModel model, List<FragmentReplica> replicas, long seed) {
    this.model = model;
    this.replicas = replicas;
    this.random = new Random(seed);
  }

  /** An answer and when it came; no answer if the connection broke. */
  private record Told(@Nullable Answer answer, Call call) {

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

  /** Does one thing. */
  void step() {
    Cell cell = model.cells.get(random.nextInt(model.cells.size()));
    int what = random.nextInt(100);
    if (what < 12) {
      sawBeside(cell);
    } else if (what < 22) {
      batch(cell.tenant);
    } else {
      cell.lock.lock();
      try {
        locked(cell, what);
      } finally {
        cell.lock.unlock();
      }
    }
    model.calls.incrementAndGet();
  }

  private void locked(Cell cell, int what) {
    if (what < 52) {
      put(cell);
    } else if (what < 62) {
      delete(cell);
    } else if (what < 66) {
      deleteAsAnother(cell);
    } else if (what < 80) {
      read(cell, get(cell, readerOf(cell)));
    } else if (what < 86) {
      int from = random.nextInt(100);
      read(cell, get(cell, readerOf(cell)).header("Range", "bytes=" + from + "-"));
    } else if (what < 92) {
      String tag = new ContentDigest(model.anyContent(random)).toEtag();
      read(cell, get(cell, readerOf(cell)).header("If-None-Match", tag));
    } else {
      read(cell, request(cell, readerOf(cell)).HEAD());
    }
  }

  private void put(Cell cell) {
    String value = model.anyContent(random);
    long ttlMs = random.nextInt(6) == 0 ? 1000 : random.nextInt(6) == 0 ? 0 : DAY_MS;
    HttpRequest.Builder put =
        request(cell, cell.tenant)
            .PUT(BodyPublishers.ofByteArray(bytes(value)))
            .header("Membrane-Namespace", WireJson.mapper().writeValueAsString(Seeds.namespace(16)))
            .header("Membrane-Parent", "root")
            .header("Membrane-Token-Span", cell.span.toString());
    if (ttlMs == 0) {
      put.header("Membrane-Pin", "true");
    } else if (ttlMs < DAY_MS) {
      put.header("Membrane-Ttl", Long.toString(ttlMs / 1000));
    }
    model.begins(cell, value);
    Told told = send(put);
    if (told.status() == 201 || told.status() == 200) {
      equal(told.answered().header("ETag"), new ContentDigest(value).toEtag(), cell);
    }
    String code = told.answer() == null ? "" : code(told.answered());
    wasPut(cell, value, ttlMs, told.status(), code, told.call());
  }

  private void wasPut(Cell cell, String value, long ttlMs, int status, String code, Call call) {
    switch (status) {
      case 201 -> model.stored(cell, value, ttlMs, call);
      case 200 -> model.same(cell, value, ttlMs, call);
      case 409 -> model.conflicted(cell, value, call);
      case 0, 503 -> model.unknown(cell, value);
      case 429 -> expect(code.equals("overloaded") || cell.tenant.hasQuota(), code, cell);
      case 507 -> expect(model.full, code, cell);
      default -> expect(false, status + " " + code, cell);
    }
  }

  private void delete(Cell cell) {
    Told told = send(request(cell, cell.tenant).DELETE());
    switch (told.status()) {
      case 204 -> model.removed(cell, told.call());
      case 0, 503 -> model.unknown(cell, ABSENT);
      default -> expect(false, "DELETE was answered " + told.status(), cell);
    }
  }

  /** In a shared domain only the owner removes; elsewhere there is nothing to remove. */
  private void deleteAsAnother(Cell cell) {
    Told told = send(request(cell, FragmentModel.READER).DELETE());
    switch (told.status()) {
      case 204 -> {
        if (cell.tenant.equals(FragmentModel.SHARING)) {
          model.saw(cell, ABSENT, told.call());
        }
      }
      case 403 -> {}
      case 0, 503 -> model.failed("a removal", cell);
      default -> expect(false, "DELETE was answered " + told.status(), cell);
    }
  }

  private void sawBeside(Cell cell) {
    Told told = send(get(cell, readerOf(cell)));
    String value = value(cell, told);
    if (value != null) {
      model.sawBeside(cell, value, told.call());
    }
  }

  private void read(Cell cell, HttpRequest.Builder request) {
    Told told = send(request);
    String value = value(cell, told);
    if (value != null) {
      model.saw(cell, value, told.call());
    }
  }

  /** What an answer says is there; null if it does not say. */
  private @Nullable String value(Cell cell, Told told) {
    return switch (told.status()) {
      case 404 -> ABSENT;
      case 200, 206, 304 -> value(cell, told.answered());
      case 416 -> null;
      case 0, 429, 503 -> {
        model.failed("a read: " + (told.answer() == null ? "" : told.answered().text()), cell);
        yield null;
      }
      default -> throw new AssertionError("a read was answered " + told.answered().text());
    };
  }

  private String value(Cell cell, Answer answer) {
    String value = digest(answer);
    byte[] wanted = model.contents.get(value);
    if (wanted == null) {
      throw new AssertionError("never put: " + value + "; " + cell);
    }
    equal(answer.header("ETag"), new ContentDigest(value).toEtag(), cell);
    equal(answer.header("Membrane-Token-Span"), cell.span.toString(), cell);
    if (answer.status() == 304 || answer.response().request().method().equals("HEAD")) {
      return value;
    }
    if (answer.status() == 206) {
      String from = answer.header("Content-Range").replaceAll("bytes (\\d+)-.*", "$1");
      wanted = Arrays.copyOfRange(wanted, Integer.parseInt(from), wanted.length);
    }
    expect(Arrays.equals(wanted, answer.response().body()), "other bytes", cell);
    return value;
  }

  private void batch(Tenant tenant) {
    List<Cell> all = model.cells.stream().filter(cell -> cell.tenant.equals(tenant)).toList();
    int from = random.nextInt(all.size());
    List<Cell> some = all.subList(from, Math.min(all.size(), from + MOST_IN_BATCH));
    some.forEach(cell -> cell.lock.lock());
    try {
      switch (random.nextInt(3)) {
        case 0 -> batchPut(tenant, some);
        case 1 -> batchGet(tenant, some);
        default -> exists(tenant, some);
      }
    } finally {
      some.forEach(cell -> cell.lock.unlock());
    }
  }

  private void exists(Tenant tenant, List<Cell> cells) {
    Told told = send(post("exists", tenant, keys(cells), "application/json"));
    if (told.status() != 200) {
      troubled(told, cells);
      return;
    }
    Existence existence = told.answered().as(Existence.class);
    for (int i = 0; i < cells.size(); i++) {
      if (!existence.present().get(i)) {
        model.saw(cells.get(i), ABSENT, told.call());
      }
    }
  }

  private void batchGet(Tenant tenant, List<Cell> cells) {
    Told told = send(post("batch-get", tenant, keys(cells), "application/json"));
    if (told.status() != 200) {
      troubled(told, cells);
      return;
    }
    List<Frame> frames = frames(told, cells);
    for (int i = 0; i < frames.size(); i++) {
      Frame frame = frames.get(i);
      Cell cell = cells.get(i);
      equal(frame.header().key().toString(), cell.key.toString(), cell);
      if (frame.status() == 200) {
        String value = ContentDigest.of(frame.body()).hex();
        equal(String.valueOf(frame.header().digest()), value, cell);
        model.saw(cell, value, told.call());
      } else if (frame.status() == 404) {
        model.saw(cell, ABSENT, told.call());
      } else {
        expect(TROUBLES.contains(code(frame)), "a frame of " + code(frame), cell);
        model.failed("a frame of a batch", cell);
      }
    }
  }

  private void batchPut(Tenant tenant, List<Cell> cells) {
    List<String> values = cells.stream().map(cell -> model.anyContent(random)).toList();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    FrameWriter writer = new FrameWriter(body);
    try {
      for (int i = 0; i < cells.size(); i++) {
        Cell cell = cells.get(i);
        String value = values.get(i);
        model.begins(cell, value);
        FragmentMeta meta =
            new FragmentMeta(Seeds.namespace(16), null, cell.span, null, null, false);
        writer.write(Frame.payload(200, cell.key, meta, new ContentDigest(value), bytes(value)));
      }
      writer.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Told told = send(post("batch-put", tenant, body.toByteArray(), Frame.MEDIA_TYPE));
    List<Frame> frames = told.status() == 200 ? frames(told, cells) : List.of();
    for (int i = 0; i < cells.size(); i++) {
      if (i < frames.size()) {
        Frame frame = frames.get(i);
        wasPut(cells.get(i), values.get(i), DAY_MS, frame.status(), code(frame), told.call());
      } else {
        expect(
            told.status() == 0 || told.status() == 503 || told.status() == 200,
            "a batch was answered " + told.status(),
            cells.get(i));
        model.unknown(cells.get(i), values.get(i));
      }
    }
  }

  /** All frames of a whole answer; none if it was cut. */
  private List<Frame> frames(Told told, List<Cell> cells) {
    try {
      List<Frame> frames = told.answered().frames();
      expect(frames.size() == cells.size(), frames.size() + " frames", cells.getFirst());
      return frames;
    } catch (MembraneException e) {
      model.failed("a batch was cut: " + e.detail(), cells.getFirst());
      return List.of();
    }
  }

  private void troubled(Told told, List<Cell> cells) {
    if (told.answer() != null) {
      expect(TROUBLES.contains(code(told.answered())), told.answered().text(), cells.getFirst());
    }
    model.failed("a batch", cells.getFirst());
  }

  private Told send(HttpRequest.Builder request) {
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

  private Tenant readerOf(Cell cell) {
    return cell.tenant.equals(FragmentModel.SHARING) && random.nextBoolean()
        ? FragmentModel.READER
        : cell.tenant;
  }

  /** A request to a replica that is chosen later. */
  private static HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("http://replica/v1/fragments/" + path))
        .timeout(PATIENCE);
  }

  private static HttpRequest.Builder get(Cell cell, Tenant tenant) {
    return request(cell, tenant).GET();
  }

  private static HttpRequest.Builder request(Cell cell, Tenant tenant) {
    return to(cell.key.toString()).header(CallContext.TENANT_HEADER, tenant.name());
  }

  private static HttpRequest.Builder post(String call, Tenant tenant, byte[] body, String type) {
    return to(call)
        .header(CallContext.TENANT_HEADER, tenant.name())
        .header("Content-Type", type)
        .POST(BodyPublishers.ofByteArray(body));
  }

  private static byte[] keys(List<Cell> cells) {
    List<FragmentKey> keys = new ArrayList<>();
    cells.forEach(cell -> keys.add(cell.key));
    return WireJson.mapper().writeValueAsBytes(new Keys(keys));
  }

  private byte[] bytes(String value) {
    byte[] bytes = model.contents.get(value);
    if (bytes == null) {
      throw new IllegalStateException("no content " + value);
    }
    return bytes;
  }

  private static String digest(Answer answer) {
    String tag = answer.header("Repr-Digest");
    return ContentDigest.parseReprDigest(tag).hex();
  }

  private static String code(Frame frame) {
    Problem problem = frame.header().problem();
    return problem == null ? "" : problem.code();
  }

  private static String code(Answer answer) {
    return answer.status() < 400 || answer.response().body().length == 0
        ? ""
        : answer.json().path("code").asString();
  }

  private static void equal(String found, String wanted, Cell cell) {
    expect(found.equals(wanted), "'" + found + "' instead of '" + wanted + "'", cell);
  }

  private static void expect(boolean holds, String what, Cell cell) {
    if (!holds) {
      throw new AssertionError(what + "; " + cell);
    }
  }
}
