package io.membrane.system;

import static io.membrane.system.FragmentCalls.code;
import static io.membrane.system.FragmentCalls.digest;
import static io.membrane.system.FragmentCalls.equal;
import static io.membrane.system.FragmentCalls.expect;
import static io.membrane.system.FragmentCalls.get;
import static io.membrane.system.FragmentCalls.keys;
import static io.membrane.system.FragmentCalls.post;
import static io.membrane.system.FragmentCalls.request;
import static io.membrane.system.FragmentModel.ABSENT;

import io.membrane.block.ContentDigest;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.Frame;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.system.FragmentCalls.Told;
import io.membrane.system.FragmentModel.Call;
import io.membrane.system.FragmentModel.Cell;
import io.membrane.system.FragmentModel.Tenant;
import io.membrane.system.Http.Answer;
import io.membrane.wire.FragmentClient.Existence;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A caller that does random things with random fragments and compares every answer. */
final class FragmentModelClient {

  private static final int MOST_IN_BATCH = 6;
  private static final long DAY_MS = 24L * 60 * 60 * 1000;
  private static final Set<String> TROUBLES =
      Set.of("dependency_unavailable", "deadline_exceeded", "overloaded");

  private final FragmentModel model;
  private final FragmentCalls calls;
  private final Random random;

  FragmentModelClient(FragmentModel model, List<FragmentReplica> replicas, long seed) {
    this.model = model;
    this.random = new Random(seed);
    this.calls = new FragmentCalls(model, replicas, random);
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
            .PUT(BodyPublishers.ofByteArray(calls.bytes(value)))
            .header("Membrane-Namespace", WireJson.mapper().writeValueAsString(Seeds.namespace(16)))
            .header("Membrane-Parent", "root")
            .header("Membrane-Token-Span", cell.span.toString());
    if (ttlMs == 0) {
      put.header("Membrane-Pin", "true");
    } else if (ttlMs < DAY_MS) {
      put.header("Membrane-Ttl", Long.toString(ttlMs / 1000));
    }
    model.begins(cell, value);
    Told told = calls.send(put);
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
    Told told = calls.send(request(cell, cell.tenant).DELETE());
    switch (told.status()) {
      case 204 -> model.removed(cell, told.call());
      case 0, 503 -> model.unknown(cell, ABSENT);
      default -> expect(false, "DELETE was answered " + told.status(), cell);
    }
  }

  /** In a shared domain only the owner removes; elsewhere there is nothing to remove. */
  private void deleteAsAnother(Cell cell) {
    Told told = calls.send(request(cell, FragmentModel.READER).DELETE());
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
    Told told = calls.send(get(cell, readerOf(cell)));
    String value = value(cell, told);
    if (value != null) {
      model.sawBeside(cell, value, told.call());
    }
  }

  private void read(Cell cell, HttpRequest.Builder request) {
    Told told = calls.send(request);
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
    Told told = calls.send(post("exists", tenant, keys(cells), "application/json"));
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
    Told told = calls.send(post("batch-get", tenant, keys(cells), "application/json"));
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
    for (int i = 0; i < cells.size(); i++) {
      model.begins(cells.get(i), values.get(i));
    }
    Told told =
        calls.send(post("batch-put", tenant, calls.framed(cells, values), Frame.MEDIA_TYPE));
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

  private Tenant readerOf(Cell cell) {
    return cell.tenant.equals(FragmentModel.SHARING) && random.nextBoolean()
        ? FragmentModel.READER
        : cell.tenant;
  }
}
