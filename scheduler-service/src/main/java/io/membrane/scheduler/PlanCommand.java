package io.membrane.scheduler;

import io.membrane.rpc.MembraneException;
import io.membrane.rpc.Reasons;
import io.membrane.scheduler.planning.Plan;
import io.membrane.scheduler.request.PlanJson;
import io.membrane.scheduler.request.PlanRequest;
import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
import io.membrane.scheduler.simulation.traffic.Trace;
import io.membrane.scheduler.trace.TraceReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectWriter;

/**
 * One plan on the command line: {@code plan [--file=request.json] [--trace=trace.jsonl] [--json]}.
 * The request is that of {@code POST /v1/plans}.
 */
final class PlanCommand {

  private static final int OK = 0;
  private static final int BAD_INPUT = 2;
  private static final long MAX_BYTES = 64L * 1024 * 1024;
  private static final String USAGE =
      "usage: plan [--file=request.json] [--trace=trace.jsonl] [--json]";

  private @Nullable Path file;
  private @Nullable Path trace;
  private boolean json;

  private PlanCommand() {}

  /** Plans; the answer is the exit status: 2 for input that cannot be planned, said on err. */
  static int run(String[] args, PrintStream out, PrintStream err) {
    PrintWriter said = new PrintWriter(out, false, StandardCharsets.UTF_8);
    PrintWriter wrong = new PrintWriter(err, false, StandardCharsets.UTF_8);
    try {
      said.println(new PlanCommand().answer(args));
      return OK;
    } catch (JacksonException e) {
      wrong.println("the request is not readable: " + Reasons.ofJson(e) + at(e));
      return BAD_INPUT;
    } catch (MembraneException e) {
      wrong.println(e.detail());
      return BAD_INPUT;
    } catch (IllegalArgumentException e) {
      wrong.println(e.getMessage());
      return BAD_INPUT;
    } catch (IOException e) {
      wrong.println("cannot read " + e.getMessage());
      return BAD_INPUT;
    } finally {
      said.flush();
      wrong.flush();
    }
  }

  private static String at(JacksonException e) {
    return e.getLocation() == null
        ? ""
        : " (line %d, column %d)"
            .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }

  private String answer(String[] args) throws IOException {
    parse(args);
    PlanRequest request = file == null ? PlanRequest.EMPTY : read(file);
    Traces traces = Traces.NONE;
    if (trace != null) {
      Trace read = trace(trace);
      traces = id -> Optional.of(read);
      request = request.withTrace(trace.toString());
    }
    Plan plan = Plan.of(PlanRequests.resolve(request, traces));
    if (json) {
      ObjectWriter writer = PlanJson.mapper().writerWithDefaultPrettyPrinter();
      return writer.writeValueAsString(plan);
    }
    return new PlanText(plan).toString();
  }

  private void parse(String[] args) {
    for (String arg : args) {
      if (arg.startsWith("--file=")) {
        file = Path.of(arg.substring("--file=".length()));
      } else if (arg.startsWith("--trace=")) {
        trace = Path.of(arg.substring("--trace=".length()));
      } else if (arg.equals("--json")) {
        json = true;
      } else {
        throw new IllegalArgumentException("'%s' is not an option; %s".formatted(arg, USAGE));
      }
    }
  }

  private static PlanRequest read(Path file) throws IOException {
    try (InputStream in = open(file)) {
      PlanRequest request = PlanJson.mapper().readValue(in, PlanRequest.class);
      return request == null ? PlanRequest.EMPTY : request;
    }
  }

  private static Trace trace(Path file) throws IOException {
    try (InputStream in = open(file)) {
      return TraceReader.read(in);
    }
  }

  private static InputStream open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(file + " is a directory; name a file in it");
    }
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException("there is no file " + file);
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IllegalArgumentException("%s has more than %d bytes".formatted(file, MAX_BYTES));
    }
    return new BufferedInputStream(Files.newInputStream(file));
  }
}
