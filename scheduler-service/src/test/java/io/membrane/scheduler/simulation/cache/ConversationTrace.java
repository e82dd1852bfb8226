package io.membrane.scheduler.simulation.cache;

import io.membrane.scheduler.simulation.traffic.Trace;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The real trace of {@code traces/README.md}. */
public final class ConversationTrace {

  private ConversationTrace() {}

  /** Reads it. */
  public static Trace read() {
    JsonMapper json = JsonMapper.builder().build();
    List<Trace.Request> requests = new ArrayList<>();
    try (InputStream resource =
            ConversationTrace.class.getResourceAsStream("/traces/conversation_trace.jsonl.gz");
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(
                    new GZIPInputStream(Objects.requireNonNull(resource)),
                    StandardCharsets.UTF_8))) {
      lines.lines().forEach(line -> requests.add(request(json.readTree(line))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Trace(requests);
  }

  private static Trace.Request request(JsonNode line) {
    JsonNode ids = line.get("hash_ids");
    int[] hashIds = new int[ids.size()];
    for (int i = 0; i < hashIds.length; i++) {
      hashIds[i] = ids.get(i).intValue();
    }
    return new Trace.Request(
        line.get("timestamp").longValue(),
        line.get("input_length").intValue(),
        line.get("output_length").intValue(),
        hashIds);
  }
}
