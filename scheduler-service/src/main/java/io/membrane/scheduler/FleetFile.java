package io.membrane.scheduler;

import io.membrane.boot.StartupProblem;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.control.EffectiveThreshold;
import io.membrane.scheduler.live.FleetDescription;
import io.membrane.scheduler.planning.PlanInput;
import io.membrane.scheduler.request.PlanJson;
import io.membrane.scheduler.request.PlanRequest;
import io.membrane.scheduler.request.PlanRequests;
import io.membrane.scheduler.request.Traces;
import io.membrane.scheduler.search.Configuration;
import io.membrane.scheduler.search.Search;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** What an operator says of the fleet, in a file. */
final class FleetFile {

  private FleetFile() {}

  /**
   * The fleet that {@code membrane.scheduler.fleet} describes, or the paper's case study.
   *
   * @throws StartupProblem if the file cannot be read, or is no fleet
   */
  static FleetDescription described(SchedulerProperties properties) {
    Path file = properties.checked().fleet();
    PlanRequest request = file == null ? null : read(file);
    PlanInput input = resolved(file, request);
    Configuration best =
        Search.best(input.fleet(), input.workload(), input.thresholds(), input.objective());
    Integer fixed = properties.thresholdTokens();
    return new FleetDescription(
        input.fleet(),
        input.workload(),
        fixed == null
            ? best
            : Configuration.of(input.fleet(), input.workload(), fixed, best.prefillByPool()),
        EffectiveThreshold.of(input.workload(), input.fleet().kvBytes()),
        file != null,
        fingerprint(request, fixed, best));
  }

  /**
   * SHA-256 over what the operator said, written as JSON in one order and without what only looks
   * different, and over what was planned for it, in which the bundled profiles count.
   */
  private static String fingerprint(
      @Nullable PlanRequest request, @Nullable Integer fixed, Configuration best) {
    String said =
        PlanJson.mapper()
            .writeValueAsString(
                new Object[] {request, fixed, best.thresholdTokens(), best.prefillByPool()});
    try {
      byte[] sha =
          MessageDigest.getInstance("SHA-256").digest(said.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(sha);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static PlanRequest read(Path file) {
    try {
      return PlanJson.mapper().readValue(Files.readString(file), PlanRequest.class);
    } catch (IOException e) {
      throw new StartupProblem(
          "membrane.scheduler.fleet: " + file + " cannot be read",
          "Name a file that describes the fleet as a body of POST /v1/plans does.");
    } catch (JacksonException e) {
      throw new StartupProblem(
          "membrane.scheduler.fleet: " + file + " is not a fleet: " + e.getOriginalMessage(),
          "Write it as a body of POST /v1/plans; docs/scheduler.md shows one.");
    }
  }

  private static PlanInput resolved(@Nullable Path file, @Nullable PlanRequest request) {
    try {
      return PlanRequests.resolve(request, Traces.NONE);
    } catch (MembraneException e) {
      throw new StartupProblem(
          "membrane.scheduler.fleet: " + file + ": " + e.detail(),
          "Change what is named; ./membrane plan --file checks it without a start.");
    }
  }
}
