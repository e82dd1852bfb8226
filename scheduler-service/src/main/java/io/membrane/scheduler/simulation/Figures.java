package io.membrane.scheduler.simulation;

import io.membrane.scheduler.simulation.SimulationReport.PrefixBlocks;
import io.membrane.scheduler.simulation.SimulationReport.Roles;
import io.membrane.scheduler.simulation.SimulationReport.Threshold;
import io.membrane.scheduler.simulation.link.SharedLink;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Counts what a run does, and makes the report of it. Not thread-safe. */
final class Figures {

  private final SimulationSpec spec;
  private final Plant plant;
  private final @Nullable Trace trace;
  private final Window window;
  private final int warmUpRequests;
  private final double warmUpSeconds;
  private final TimesRecorder ttft = new TimesRecorder();
  private final TimesRecorder decodeWait = new TimesRecorder();
  private final Series.Recorder series = new Series.Recorder();
  private final double[] sent;

  private long arrived;
  private long completed;
  private long tooBusy;
  private long nobodyUp;
  private int windowFirst = Integer.MAX_VALUE;
  private long windowArrived;
  private long windowCompleted;
  private long windowOffloaded;
  private long inTime;
  private long namedBlocks;
  private long hitBlocks;
  private int minThreshold = Integer.MAX_VALUE;
  private int maxThreshold;

  Figures(SimulationSpec spec, Plant plant, int requests) {
    this.spec = spec;
    this.plant = plant;
    this.trace = spec.trace();
    this.window = new Window(plant);
    this.warmUpRequests = (int) (spec.span().warmUp() * requests);
    this.warmUpSeconds = spec.span().warmUp() * spec.span().seconds();
    this.sent = new double[plant.clusters];
  }

  void arrived(double now, int row) {
    if (windowFirst == Integer.MAX_VALUE && (arrived >= warmUpRequests || now >= warmUpSeconds)) {
      windowFirst = plant.requests.number[row];
      window.open(now);
    }
    arrived++;
    windowArrived += inWindow(row) ? 1 : 0;
  }

  private boolean inWindow(int row) {
    return plant.requests.number[row] >= windowFirst;
  }

  void rejected(boolean forItsWait) {
    if (forItsWait) {
      tooBusy++;
    } else {
      nobodyUp++;
    }
  }

  void routed(int row, boolean offloaded, int hit, int threshold) {
    minThreshold = Math.min(minThreshold, threshold);
    maxThreshold = Math.max(maxThreshold, threshold);
    if (inWindow(row)) {
      windowOffloaded += offloaded ? 1 : 0;
      hitBlocks += hit;
      namedBlocks += trace == null ? 0 : trace.blocks(plant.requests.number[row]);
    }
  }

  void firstToken(double now, int row) {
    if (inWindow(row)) {
      double seconds = now - plant.requests.arrival[row];
      ttft.record(seconds);
      inTime += seconds <= spec.ttftLimitSeconds() ? 1 : 0;
    }
  }

  void completed(double now, int row) {
    completed++;
    if (window.isOpen()) {
      windowCompleted++;
    }
    if (inWindow(row)) {
      decodeWait.record(plant.requests.placed[row] - plant.requests.firstToken[row]);
    }
  }

  void lastArrival(double now) {
    window.close(now);
  }

  void tick(double now, ControlLoop control) {
    boolean wanted = series.wants();
    double busiest = 0;
    double queued = 0;
    for (int c = 0; c < plant.clusters; c++) {
      SharedLink link = plant.links[c];
      link.advance(now);
      double gbps = link.sentGigabits() - sent[c];
      sent[c] = link.sentGigabits();
      busiest = Math.max(busiest, gbps / link.gbps());
      queued += plant.prefill[c].queue.value();
      if (window.isOpen()) {
        window.egress(c, gbps);
      }
    }
    if (wanted) {
      int threshold =
          plant.clusters == 0
              ? control.conditions().threshold()
              : control.conditions().effectiveThreshold(0);
      series.add(
          new Series.Point(
              now,
              threshold,
              busiest,
              (int) queued,
              (int) plant.prefill[plant.clusters].queue.value(),
              (int) plant.decode.queue.value(),
              plant.roles.nP()));
    }
  }

  SimulationReport report(double now, Conditions conditions) {
    double arrivals = Math.max(1, windowArrived);
    return new SimulationReport(
        new SimulationReport.Requests(
            arrived, completed, tooBusy + nobodyUp, plant.requests.inUse()),
        now,
        window.seconds(),
        window.seconds() > 0 ? windowCompleted / window.seconds() : 0,
        inTime / arrivals,
        ttft.times(),
        decodeWait.times(),
        windowOffloaded / arrivals,
        new PrefixBlocks(namedBlocks, hitBlocks),
        window.stages(),
        window.links(),
        new Threshold(
            spec.deployment().configuration().thresholdTokens(),
            conditions.threshold(),
            Math.min(minThreshold, maxThreshold),
            maxThreshold),
        new Roles(plant.roles.nP(), plant.roles.nD(), plant.roles.changes()),
        series.series(),
        notes());
  }

  private List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (trace != null && trace.sorted()) {
      notes.add("The trace was not in order of arrival; its requests were sorted by time.");
    }
    if (plant.requests.inUse() > 0) {
      notes.add(
          "%d requests were not finished when time was up; the times to first token leave out those"
                  .formatted(plant.requests.inUse())
              + " that had none.");
    }
    if (trace == null
        && spec.span().seconds() == Span.MAX_SECONDS
        && arrived < spec.span().requests()) {
      notes.add(
          "After %.0f simulated days, the most there are, %d of %d requests had arrived."
              .formatted(Span.MAX_SECONDS / 86_400, arrived, spec.span().requests()));
    }
    if (nobodyUp > 0) {
      notes.add("%d requests arrived while no cluster was up.".formatted(nobodyUp));
    }
    if (tooBusy > 0) {
      notes.add(
          "%d requests were refused, because they would have waited too long (max_wait_s)."
              .formatted(tooBusy));
    }
    return notes;
  }
}
