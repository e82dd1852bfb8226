package io.membrane.scheduler.trace;

import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a trace from NDJSON in the form of the Mooncake traces: on each line {@code
 * {"timestamp","input_length","output_length","hash_ids"}}, blank lines and unknown fields ignored.
 */
public final class TraceReader {

  /** Most bytes of a trace. */
  public static final long MOST_BYTES = TraceLimits.DEFAULT.bytes();

  private static final int LINES_BETWEEN_DEADLINES = 1024;

  private TraceReader() {}

  /**
   * Reads to the end of {@code in}.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} with the number of the line and
   *     what is wrong there, {@link ErrorCode#IMPOSSIBLE_REQUEST} if there is no request, {@link
   *     ErrorCode#TOO_LARGE}, or {@link ErrorCode#DEADLINE_EXCEEDED} in the middle of a request
   * @throws IOException if {@code in} breaks off
   */
  public static Trace read(InputStream in) throws IOException {
    return read(in, TraceLimits.DEFAULT);
  }

  static Trace read(InputStream in, TraceLimits limits) throws IOException {
    Lines lines = new Lines(in, limits);
    List<Trace.Request> requests = new ArrayList<>();
    long references = 0;
    while (lines.advance()) {
      if (lines.number() % LINES_BETWEEN_DEADLINES == 0) {
        CallContext.checkDeadline("the upload");
      }
      if (lines.isBlank()) {
        continue;
      }
      if (requests.size() == limits.requests()) {
        throw tooLarge("requests", limits.requests());
      }
      Trace.Request request = TraceLine.parse(lines);
      references += request.hashIds().length;
      if (references > limits.blockReferences()) {
        throw tooLarge("block references", limits.blockReferences());
      }
      requests.add(request);
    }
    if (requests.isEmpty()) {
      throw new MembraneException(
          ErrorCode.IMPOSSIBLE_REQUEST,
          "an empty trace: send one line for each request, for example " + TraceLine.EXAMPLE);
    }
    return new Trace(requests);
  }

  private static MembraneException tooLarge(String what, int most) {
    return new MembraneException(
        ErrorCode.TOO_LARGE,
        "a trace has at most %d %s; upload a part of it".formatted(most, what));
  }
}
