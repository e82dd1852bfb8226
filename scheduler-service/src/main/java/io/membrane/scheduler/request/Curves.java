package io.membrane.scheduler.request;

import io.membrane.scheduler.request.PlanRequest.Curve;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.TableCurve;
import io.membrane.scheduler.throughput.Throughput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Curves out of JSON. */
final class Curves {

  static final int MAX_ROWS = 4096;

  private static final String FORMS =
      "write one of {\"table\": [[tokens, value], …]}, {\"polynomial\": [c0, c1, …]} and"
          + " {\"samples\": [[tokens, value], …]}";

  private static final String ROW = "write [tokens, value]";

  /** Bounds that keep every result of the model a finite number. */
  private static final double SMALLEST = 1e-9;

  private static final double LARGEST = 1e18;
  private static final double LONGEST = 1e9;

  private Curves() {}

  static LengthCurve of(Place place, Curve curve) {
    if (Stream.of(curve.table() != null, curve.polynomial() != null, curve.samples() != null)
            .filter(given -> given)
            .count()
        != 1) {
      throw place.impossible("not exactly one form of a curve; " + FORMS);
    }
    if (curve.polynomial() != null) {
      return polynomial(place.field("polynomial"), curve.polynomial());
    }
    return curve.table() != null
        ? table(place.field("table"), rows(place.field("table"), curve.table()))
        : table(place.field("samples"), rowsOfSamples(place.field("samples"), curve.samples()));
  }

  /** T(l) = S_kv(l) / Φ_kv(l), as a table at the rows of Φ_kv. */
  static LengthCurve prefillSeconds(Place place, Curve throughput, LengthCurve kvBytes) {
    if (throughput.table() == null && throughput.samples() == null) {
      throw place.impossible("a KV throughput is a table or samples, in Gbps; " + FORMS);
    }
    of(place, throughput);
    List<double[]> rows =
        throughput.table() != null
            ? rows(place.field("table"), throughput.table())
            : rowsOfSamples(place.field("samples"), throughput.samples());
    List<double[]> seconds = new ArrayList<>();
    for (double[] row : rows) {
      seconds.add(new double[] {row[0], Throughput.gigabits(kvBytes.at(row[0])) / row[1]});
    }
    return table(place, seconds);
  }

  private static LengthCurve polynomial(Place place, List<@Nullable Double> coefficients) {
    place.bounded(coefficients, MAX_ROWS, "write [c0, c1, …]");
    List<Double> given = new ArrayList<>();
    for (int i = 0; i < coefficients.size(); i++) {
      given.add(
          place
              .index(i)
              .number(coefficients.get(i), 0, LARGEST, "write a finite coefficient, 0 or more"));
    }
    return place.build(() -> new PolynomialCurve(given));
  }

  private static LengthCurve table(Place place, List<double[]> rows) {
    return place.build(() ->
        TableCurve.of(
            rows.stream().mapToDouble(row -> row[0]).toArray(),
            rows.stream().mapToDouble(row -> row[1]).toArray()));
  }

  private static List<double[]> rows(
      Place place, @Nullable List<@Nullable List<@Nullable Double>> given) {
    place.bounded(given, MAX_ROWS, "write at least two rows");
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; given != null && i < given.size(); i++) {
      List<@Nullable Double> row = given.get(i);
      if (row == null || row.size() != 2) {
        throw place.index(i).impossible("not a pair; " + ROW);
      }
      rows.add(
          new double[] {
            place.index(i).index(0).number(row.get(0), 1, LONGEST, ROW + ", tokens 1 or more"),
            place
                .index(i)
                .index(1)
                .number(row.get(1), SMALLEST, LARGEST, ROW + " with a finite value above 0")
          });
    }
    return rows;
  }

  /** The median of each length. */
  private static List<double[]> rowsOfSamples(
      Place place, @Nullable List<@Nullable List<@Nullable Double>> given) {
    SortedMap<Double, List<Double>> byLength = new TreeMap<>();
    for (double[] row : rows(place, given)) {
      byLength.computeIfAbsent(row[0], l -> new ArrayList<>()).add(row[1]);
    }
    if (byLength.size() < 2) {
      throw place.impossible("all samples are of one length; measure at least two lengths");
    }
    List<double[]> medians = new ArrayList<>();
    for (Map.Entry<Double, List<Double>> e : byLength.entrySet()) {
      medians.add(new double[] {e.getKey(), median(e.getValue())});
    }
    return medians;
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
