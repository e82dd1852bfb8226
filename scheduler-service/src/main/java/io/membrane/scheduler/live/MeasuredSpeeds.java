package io.membrane.scheduler.live;

import io.membrane.scheduler.routing.ClusterCost;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Pool;
import io.membrane.scheduler.throughput.TableCurve;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * T_prefill(l) of clusters whose workers have measured it, instead of what was described. Beyond
 * the longest length that was measured the described curve goes on, so much higher or lower as it
 * is there. Thread-safe.
 */
final class MeasuredSpeeds {

  /** Lengths beyond the measured ones: each twice the one before, so many times. */
  private static final int DOUBLINGS = 16;

  private final Map<String, LengthCurve> curves = new ConcurrentHashMap<>();

  /**
   * Takes a measurement in.
   *
   * @param tokens lengths, increasing; at least two, or nothing changes
   * @param seconds one for each
   * @throws IllegalArgumentException saying which row is wrong
   */
  void measured(String cluster, LengthCurve described, double[] tokens, double[] seconds) {
    if (tokens.length < 2) {
      return;
    }
    TableCurve measured = TableCurve.of(tokens, seconds);
    double last = measured.lastTokens();
    double ratio = measured.at(last) / described.at(last);
    List<Double> lengths = new ArrayList<>();
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < tokens.length; i++) {
      lengths.add(tokens[i]);
      values.add(seconds[i]);
    }
    double length = last;
    for (int i = 0; i < DOUBLINGS; i++) {
      length *= 2;
      lengths.add(length);
      values.add(ratio * described.at(length));
    }
    curves.put(cluster, TableCurve.of(array(lengths), array(values)));
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** The cost with the measured speed, if there is one. */
  @Nullable ClusterCost of(String cluster, @Nullable ClusterCost described) {
    LengthCurve curve = curves.get(cluster);
    return curve == null || described == null
        ? described
        : new ClusterCost(
            curve,
            described.kvBytes(),
            described.instances(),
            described.usdPerInstanceSecond(),
            described.usdPerGb());
  }

  /** The pools with the measured speed, if there is one. */
  List<Pool> of(String cluster, List<Pool> described) {
    LengthCurve curve = curves.get(cluster);
    return curve == null
        ? described
        : described.stream()
            .map(pool -> new Pool(of(curve, pool.type()), pool.instances()))
            .toList();
  }

  private static InstanceType of(LengthCurve curve, InstanceType type) {
    return new InstanceType(type.name(), type.gpus(), curve, type.decode(), type.usdPerGpuHour());
  }
}
