package io.membrane.scheduler.request;

import io.membrane.scheduler.request.PlanRequest.Curve;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Lengths;
import io.membrane.scheduler.throughput.PolynomialCurve;
import io.membrane.scheduler.throughput.TableCurve;
import io.membrane.scheduler.throughput.Throughput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
    requireOneForm(place, curve);
    return curve.polynomial() == null
        ? table(rowsPlace(place, curve), rowsOf(place, curve))
        : polynomial(place.field("polynomial"), curve.polynomial());
  }

  /** T(l) = S_kv(l) / Φ_kv(l), as a table at the rows of Φ_kv. */
  static LengthCurve prefillSeconds(Place place, Curve throughput, LengthCurve kvBytes) {
    requireOneForm(place, throughput);
    if (throughput.polynomial() != null) {
      throw place.impossible("a KV throughput is a table or samples, in Gbps; " + FORMS);
    }
    List<double[]> seconds = new ArrayList<>();
    for (double[] row : rowsOf(place, throughput)) {
      seconds.add(new double[] {row[0], Throughput.gigabits(kvBytes.at(row[0])) / row[1]});
    }
    return table(rowsPlace(place, throughput), seconds);
  }

  private static void requireOneForm(Place place, Curve curve) {
    if (Stream.of(curve.table() != null, curve.polynomial() != null, curve.samples() != null)
            .filter(given -> given)
            .count()
        != 1) {
      throw place.impossible("not exactly one form of a curve; " + FORMS);
    }
  }

  private static Place rowsPlace(Place place, Curve curve) {
    return place.field(curve.table() == null ? "samples" : "table");
  }

  private static List<double[]> rowsOf(Place place, Curve curve) {
    Place at = rowsPlace(place, curve);
    return curve.table() == null ? rowsOfSamples(at, curve.samples()) : rows(at, curve.table());
  }

  /** Says so if a workload has lengths beyond the rows of a table. */
  static Optional<String> beyondRows(String what, LengthCurve curve, Lengths lengths) {
    if (!(curve instanceof TableCurve table)
        || (lengths.min() >= table.firstTokens() && lengths.max() <= table.lastTokens())) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "%s is known from %.0f to %.0f tokens and read from %.0f to %.0f: below the first row"
                + " its value holds, above the last the curve goes on as a power law",
            what,
            table.firstTokens(),
            table.lastTokens(),
            lengths.min(),
            lengths.max()));
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
