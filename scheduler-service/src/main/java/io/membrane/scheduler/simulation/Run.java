package io.membrane.scheduler.simulation;

import io.membrane.rpc.ErrorCode;
import io.membrane.scheduler.simulation.link.SharedLink;
import io.membrane.scheduler.simulation.station.EventQueue;
import io.membrane.scheduler.simulation.station.Requests;
import io.membrane.scheduler.simulation.traffic.TrafficSource;
import io.membrane.scheduler.throughput.Throughput;
import java.util.concurrent.CancellationException;
import java.util.random.RandomGenerator.SplittableGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/**
 * One run: takes what happens next, an arrival, the end of a transfer, an event or a tick, and lets
 * it happen. At one moment they come in this order: ends of transfers, events, arrivals, ticks. Not
 * thread-safe.
 */
final class Run {

  private static final double TICK_SECONDS = 1;
  private static final int STEPS_PER_REPORT = 1 << 14;
  private static final double LEAST_DRAIN_SECONDS = 600;

  private final SimulationSpec spec;
  private final Progress progress;
  private final Plant plant;
  private final Requests requests;
  private final TrafficSource source;
  private final Router router;
  private final ControlLoop control;
  private final Figures figures;
  private final int lastArrival;

  private boolean arriving;
  private int arrivals;
  private double nextTick = TICK_SECONDS;
  private double end = Double.POSITIVE_INFINITY;

  Run(SimulationSpec spec, Progress progress) {
    this.spec = spec;
    this.progress = progress;
    SplittableGenerator random =
        RandomGeneratorFactory.<SplittableGenerator>of("L64X128MixRandom").create(spec.seed());
    this.source = new TrafficSource(spec.traffic(), random.split(), random.split(), random.split());
    this.plant = new Plant(spec, random);
    this.requests = plant.requests;
    int threshold = spec.deployment().configuration().thresholdTokens();
    this.router = new Router(plant, spec.controls(), threshold);
    this.control = new ControlLoop(spec, plant);
    this.lastArrival = Math.min(spec.span().requests(), spec.traffic().requests());
    this.figures = new Figures(spec, plant, lastArrival);
  }

  SimulationReport run() {
    arriving = nextArrival();
    router.inform(0, control.conditions());
    double now = 0;
    for (long step = 0; arriving || requests.inUse() > 0; step++) {
      if (step % STEPS_PER_REPORT == 0 && !progress.goOn(share(now))) {
        throw new CancellationException("the simulation was cancelled");
      }
      int link = plant.nextLink();
      double transfer = link < 0 ? Double.POSITIVE_INFINITY : plant.links[link].nextEnd();
      double event = plant.events.nextTime();
      double arrival = arriving ? source.seconds() : Double.POSITIVE_INFINITY;
      double next = Math.min(Math.min(transfer, event), Math.min(arrival, nextTick));
      if (next > end) {
        now = end;
        break;
      }
      now = next;
      if (transfer == now) {
        transferred(now, link);
      } else if (event == now) {
        happen(now, plant.events.take());
      } else if (arrival == now) {
        arrive(now);
      } else {
        tick(now);
      }
    }
    return figures.report(now, control.conditions());
  }

  private boolean nextArrival() {
    return source.next() && source.seconds() <= spec.span().seconds();
  }

  private double share(double now) {
    double byCount = arrivals / (double) lastArrival;
    return arriving ? Math.clamp(Math.max(byCount, now / spec.span().seconds()), 0, 1) : 1;
  }

  private void arrive(double now) {
    int row = requests.acquire();
    requests.arrival[row] = now;
    requests.number[row] = source.number();
    requests.tokens[row] = source.inputTokens();
    requests.outputTokens[row] = source.outputTokens();
    arrivals++;
    figures.arrived(now, row);
    route(now, row);
    arriving = arrivals < lastArrival && nextArrival();
    if (!arriving) {
      figures.lastArrival(now);
      end = now + Math.max(LEAST_DRAIN_SECONDS, now);
    }
  }

  private void route(double now, int row) {
    @Nullable ErrorCode refused = router.decide(now, row);
    if (refused != null) {
      figures.rejected(refused == ErrorCode.OVERLOADED);
      control.measured(router.uncachedTokens(), requests.outputTokens[row]);
      requests.release(row);
      return;
    }
    int station = router.station();
    requests.station[row] = station;
    requests.uncachedTokens[row] = router.uncachedTokens();
    requests.uncachedAtPd[row] = router.uncachedAtPd();
    figures.routed(row, station < plant.clusters, router.hitBlocks(), router.thresholdSeen());
    control.measured(router.uncachedTokens(), requests.outputTokens[row]);
    if (router.moveLink() >= 0) {
      send(now, router.moveLink(), row, router.moveBytes(), true);
    } else {
      plant.prefill[station].enter(now, row);
    }
  }

  /** A transfer's id is its request's row, and whether it is a prefix that is moved. */
  private void send(double now, int link, int row, double bytes, boolean moved) {
    plant.links[link].start(now, row << 1 | (moved ? 1 : 0), Throughput.gigabits(bytes));
  }

  private void transferred(double now, int link) {
    SharedLink shared = plant.links[link];
    int id = shared.end(now);
    int row = id >>> 1;
    if ((id & 1) == 1) {
      plant.prefill[requests.station[row]].enter(now, row);
    } else {
      deliver(now, row);
    }
  }

  private void happen(double now, long event) {
    int subject = EventQueue.subject(event);
    switch (EventQueue.kind(event)) {
      case PREFILL_ENDS -> prefilled(now, subject);
      case DECODE_ENDS -> decoded(now, subject);
      case LINK_CHANGES -> plant.changeWeather(now, subject);
    }
  }

  private void prefilled(double now, int instance) {
    int station = plant.stationOf(instance);
    int row = plant.prefill[station].batch(instance);
    while (row != Requests.NONE) {
      int next = requests.next[row];
      router.prefilled(row);
      if (station == plant.clusters) {
        deliver(now, row);
      } else {
        plant.remember(station, requests.number[row]);
        send(now, station, row, plant.fleet.kvBytes().at(requests.uncachedAtPd[row]), false);
      }
      row = next;
    }
    if (plant.prefill[station].end(now, instance)) {
      plant.roles.prefilled(now, instance);
    }
  }

  /** The KV of a request is where it is decoded: the first token is there. */
  private void deliver(double now, int row) {
    plant.remember(plant.clusters, requests.number[row]);
    requests.firstToken[row] = now;
    figures.firstToken(now, row);
    plant.decode.enter(now, row);
  }

  private void decoded(double now, int row) {
    plant.decode.end(now, row);
    plant.roles.decoded(now, requests.instance[row]);
    figures.completed(now, row);
    requests.release(row);
  }

  private void tick(double now) {
    nextTick += TICK_SECONDS;
    control.tick(now);
    figures.tick(now, control);
    router.inform(now, control.conditions());
  }
}
