package io.membrane.system;

import io.membrane.cli.fleet.Fleet;
import io.membrane.cli.fleet.FleetPlan;
import io.membrane.cli.fleet.Member;
import io.membrane.cli.fleet.Progress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One fleet for all system tests: Redis and six services as processes of their own, the bundled
 * model, and two clusters of which {@code far} only prefills. It is started once and ends with the
 * test run.
 */
final class TestFleet implements BeforeAllCallback, AutoCloseable {

  static final int BLOCK_TOKENS = 64;

  /** Uncached tokens above which a prompt goes to the cluster {@code far}. */
  static final int THRESHOLD = 2000;

  /** Ids that every prompt may use: below the bundled model's vocabulary. */
  static final int VOCABULARY = 1000;

  static final List<String> SERVICES = Member.services().stream().map(Member::label).toList();

  private static final TestFleet SHARED = new TestFleet();

  private @Nullable Fleet fleet;

  static TestFleet shared() {
    return SHARED;
  }

  @Override
  public synchronized void beforeAll(ExtensionContext context) {
    if (fleet == null) {
      Path root = Path.of(System.getProperty("membrane.root"));
      FleetPlan plan =
          FleetPlan.in(root)
              .onFreePorts()
              .withState(Path.of("target", "fleet"))
              .withModel(Path.of("models", "tiny-llama"), BLOCK_TOKENS);
      fleet =
          Fleet.start(
              plan.withArguments(
                      Member.COMPUTE,
                      "--membrane.worker.describe-blocks=true",
                      "--membrane.worker.compute-after=1h")
                  .withArguments(
                      Member.SCHEDULER, "--membrane.scheduler.threshold-tokens=" + THRESHOLD)
                  .withArguments(
                      Member.RECONSTRUCTION,
                      "--membrane.reconstruction.clusters.far.url=http://127.0.0.1:"
                          + plan.port(Member.COMPUTE),
                      "--membrane.reconstruction.clusters.far.role=prefill",
                      "--membrane.reconstruction.approximate.patience=20s"),
              Progress.SILENT);
      context.getRoot().getStore(ExtensionContext.Namespace.GLOBAL).put("fleet", this);
    }
  }

  /** Called by JUnit when all tests have run. */
  @Override
  public void close() {
    fleet().close();
  }

  /** A caller of the gateway. */
  Http http() {
    return new Http(fleet().url(Member.GATEWAY));
  }

  /** A caller of one service. */
  Http http(String service) {
    return new Http(fleet().url(Member.named(service)));
  }

  /** Whoever asks a service for its health and metrics. */
  Http health(String service) {
    return new Http(metrics(service));
  }

  /** Where a service's health and metrics are. */
  URI metrics(String service) {
    return fleet().state().of(Member.named(service)).orElseThrow().healthUrl();
  }

  void kill(String service) {
    fleet().kill(Member.named(service));
  }

  void restart(String service) {
    fleet().restart(Member.named(service));
  }

  void pause(String service) {
    fleet().pause(Member.named(service));
  }

  void resume(String service) {
    fleet().resume(Member.named(service));
  }

  private Fleet fleet() {
    return Objects.requireNonNull(fleet, "the fleet is started before the first test");
  }
}
