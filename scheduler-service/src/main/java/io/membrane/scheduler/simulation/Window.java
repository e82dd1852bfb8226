package io.membrane.scheduler.simulation;

import io.membrane.scheduler.simulation.SimulationReport.Link;
import io.membrane.scheduler.simulation.SimulationReport.Stage;
import io.membrane.scheduler.simulation.SimulationReport.StageKind;
import io.membrane.scheduler.simulation.link.SharedLink;
import io.membrane.scheduler.simulation.station.DecodeStation;
import io.membrane.scheduler.simulation.station.Level;
import io.membrane.scheduler.simulation.station.PrefillStation;
import io.membrane.scheduler.throughput.PrefillCluster;
import java.util.ArrayList;
import java.util.List;

/**
 * What the stages of a plant did between two moments. Levels and links only count up; so a window
 * is the difference of two readings. Not thread-safe.
 */
final class Window {

  private final Plant plant;
  private final List<double[]> before = new ArrayList<>();
  private final double[] sentBefore;
  private final double[] lostBefore;
  private final double[] maxEgressGbps;
  private final double[] transfersMax;
  private double from;
  private double to;
  private boolean open;
  private List<Stage> stages = List.of();
  private List<Link> links = List.of();

  Window(Plant plant) {
    this.plant = plant;
    this.sentBefore = new double[plant.clusters];
    this.lostBefore = new double[plant.clusters];
    this.maxEgressGbps = new double[plant.clusters];
    this.transfersMax = new double[plant.clusters];
  }

  boolean isOpen() {
    return open;
  }

  void open(double now) {
    from = now;
    open = true;
    for (PrefillStation s : plant.prefill) {
      before.add(read(now, s.busy, s.servers, s.queue));
    }
    before.add(read(now, plant.decode.busy, plant.decode.places, plant.decode.queue));
    for (int c = 0; c < plant.clusters; c++) {
      SharedLink link = plant.links[c];
      link.advance(now);
      before.add(new double[] {link.transferSeconds(), 0, 0});
      sentBefore[c] = link.sentGigabits();
      lostBefore[c] = link.lostGigabits();
    }
  }

  private static double[] read(double now, Level busy, Level there, Level queue) {
    queue.forgetMax();
    return new double[] {busy.area(now), there.area(now), queue.area(now)};
  }

  /** A link sent so much in the last second. */
  void egress(int cluster, double gbps) {
    maxEgressGbps[cluster] = Math.max(maxEgressGbps[cluster], gbps);
    transfersMax[cluster] = Math.max(transfersMax[cluster], plant.links[cluster].transfers());
  }

  void close(double now) {
    open = false;
    to = now;
    int all = plant.clusters;
    List<Stage> found = new ArrayList<>();
    List<Link> sent = new ArrayList<>();
    for (int c = 0; c < all; c++) {
      PrefillStation s = plant.prefill[c];
      String name = plant.fleet.prefill().get(c).name();
      found.add(stage(StageKind.PREFILL_CLUSTER, name, before.get(c), s.busy, s.servers, s.queue));
      found.add(link(c, sent));
    }
    PrefillStation local = plant.prefill[all];
    String pd = plant.fleet.pdName();
    found.add(
        stage(
            StageKind.LOCAL_PREFILL, pd, before.get(all), local.busy, local.servers, local.queue));
    DecodeStation decode = plant.decode;
    found.add(
        stage(StageKind.DECODE, pd, before.get(all + 1), decode.busy, decode.places, decode.queue));
    stages = found;
    links = sent;
  }

  private Stage stage(
      StageKind kind, String cluster, double[] read, Level busy, Level there, Level queue) {
    double available = there.area(to) - read[1];
    return new Stage(
        kind,
        cluster,
        available > 0 ? (busy.area(to) - read[0]) / available : 0,
        perSecond(queue.area(to) - read[2]),
        queue.max());
  }

  private Stage link(int c, List<Link> sent) {
    PrefillCluster cluster = plant.fleet.prefill().get(c);
    SharedLink link = plant.links[c];
    link.advance(to);
    double gigabits = link.sentGigabits() - sentBefore[c];
    double lost = link.lostGigabits() - lostBefore[c];
    double gbps = perSecond(gigabits);
    sent.add(
        new Link(
            cluster.name(),
            cluster.linkGbps(),
            gbps,
            Math.max(gbps, maxEgressGbps[c]),
            gigabits > 0 ? lost / gigabits : 0));
    double transfers = link.transferSeconds() - before.get(plant.clusters + 2 + c)[0];
    return new Stage(
        StageKind.LINK,
        cluster.name(),
        gbps / cluster.linkGbps(),
        perSecond(transfers),
        transfersMax[c]);
  }

  private double perSecond(double amount) {
    return to > from ? amount / (to - from) : 0;
  }

  /** Length of the closed window. */
  double seconds() {
    return to - from;
  }

  List<Stage> stages() {
    return stages;
  }

  List<Link> links() {
    return links;
  }
}
