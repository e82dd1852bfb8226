package io.membrane.benchmarks.fragment;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Whether a tenant can tell by time what another has stored: reads, questions of existence, puts
 * and deletions of what another tenant has, in random order with the same of what nobody has. The
 * last column is the chance that one of the former takes longer than one of the latter (the area
 * under the ROC curve): 0.5 where there is nothing to learn; twice its standard error stands beside
 * it.
 *
 * <pre>
 * java -cp 'benchmarks/target/benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   io.membrane.benchmarks.fragment.ProbeTiming . 4000
 * </pre>
 */
public final class ProbeTiming {

  private static final int BYTES = 64 << 10;
  private static final int WARM_UP = 2000;

  private final HttpClient http = HttpClient.newHttpClient();
  private final Values values = new Values(BYTES);
  private final String service;
  private long fresh = 1L << 40;
  private boolean deletes;

  private ProbeTiming(int port) {
    service = "http://127.0.0.1:" + port + "/v1/fragments/";
  }

  /** One request of the tenant that probes. */
  private interface Probe {
    HttpRequest of(long number);
  }

  /**
   * Prints Markdown.
   *
   * @param args root of the project, calls of each kind
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    int calls = Integer.parseInt(args[1]);
    Rig.Wanted wanted =
        new Rig.Wanted(
            Path.of(args[0]).toAbsolutePath(), null, "4gb", List.of(), null, null, BYTES);
    try (Rig rig = new Rig(wanted)) {
      ProbeTiming timing = new ProbeTiming(rig.service().port());
      System.out.println(
          "| call | of what another has: median µs | of what nobody has | chance that the former is longer |");
      System.out.println("|---|---|---|---|");
      timing.compare("GET, both 404", calls, timing::get, 404);
      timing.compare("exists, both false", calls, timing::exists, 200);
      timing.compare("PUT, both 201", calls, timing::putAsProber, 201);
      timing.deletes = true;
      timing.compare("DELETE of what was just put, both 204", calls, timing::delete, 204);
    }
  }

  private void compare(String name, int calls, Probe probe, int status)
      throws IOException, InterruptedException {
    Random random = new Random(1);
    for (int i = 0; i < WARM_UP; i++) {
      probe(probe, fresh++, status);
    }
    List<Long> known = new ArrayList<>();
    List<Long> unknown = new ArrayList<>();
    for (int i = 0; i < 2 * calls; i++) {
      long number = fresh++;
      boolean isKnown = random.nextBoolean();
      // The other tenant is busy in both cases, with the same or with something else.
      time(put("owner", isKnown ? number : fresh++), 201);
      (isKnown ? known : unknown).add(probe(probe, number, status));
    }
    double chance = chance(known, unknown);
    double error =
        Math.sqrt((known.size() + unknown.size() + 1.0) / (12.0 * known.size() * unknown.size()));
    System.out.printf(
        "| %s | %.0f | %.0f | %.3f ± %.3f |%n",
        name, median(known) / 1e3, median(unknown) / 1e3, chance, 2 * error);
  }

  private long probe(Probe probe, long number, int status)
      throws IOException, InterruptedException {
    if (deletes) {
      time(putAsProber(number), 201);
    }
    return time(probe.of(number), status);
  }

  private long time(HttpRequest request, int status) throws IOException, InterruptedException {
    long start = System.nanoTime();
    int said = http.send(request, BodyHandlers.ofByteArray()).statusCode();
    long nanos = System.nanoTime() - start;
    if (said != status) {
      throw new IOException(request + ": " + said);
    }
    return nanos;
  }

  /** Share of pairs in which the first is longer. */
  private static double chance(List<Long> first, List<Long> second) {
    long[] sorted = second.stream().mapToLong(Long::longValue).sorted().toArray();
    double longer = 0;
    for (long value : first) {
      int at = Arrays.binarySearch(sorted, value);
      longer += at >= 0 ? at + 0.5 : -at - 1;
    }
    return longer / first.size() / sorted.length;
  }

  private static double median(List<Long> values) {
    return values.stream()
        .mapToLong(Long::longValue)
        .sorted()
        .skip(values.size() / 2)
        .findFirst()
        .orElseThrow();
  }

  private HttpRequest get(long number) {
    return as("prober", key(number)).GET().build();
  }

  private HttpRequest exists(long number) {
    return as("prober", "exists")
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString("{\"keys\":[\"" + key(number) + "\"]}"))
        .build();
  }

  private HttpRequest delete(long number) {
    return as("prober", key(number)).DELETE().build();
  }

  private HttpRequest putAsProber(long number) {
    return put("prober", number);
  }

  private HttpRequest put(String tenant, long number) {
    ByteBuffer view = values.view();
    Values.select(view, number, BYTES);
    byte[] body = new byte[BYTES];
    view.get(body);
    return as(tenant, key(number))
        .header(
            "Membrane-Namespace",
            "{\"model\":\"m\",\"revision\":\"r\",\"kv_dtype\":\"bf16\",\"block_tokens\":256}")
        .header("Membrane-Parent", "root")
        .header("Membrane-Token-Span", "0-256")
        .header("Content-Type", "application/octet-stream")
        .PUT(BodyPublishers.ofByteArray(body))
        .build();
  }

  private HttpRequest.Builder as(String tenant, String path) {
    return HttpRequest.newBuilder(URI.create(service + path)).header("Membrane-Tenant", tenant);
  }

  private static String key(long number) {
    ByteBuffer key = ByteBuffer.allocate(Values.KEY_BYTES);
    Values.key(number, key);
    return new String(key.array(), StandardCharsets.US_ASCII) + HttpConnection.SLICE;
  }
}
