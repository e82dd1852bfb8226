package io.membrane.scheduler.request;

import io.membrane.rpc.WireJson;
import io.membrane.scheduler.request.PlanRequest.Curve;
import io.membrane.scheduler.request.PlanRequest.Decoding;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What comes with the service, {@code profiles.json}.
 *
 * @param models how many bytes of KV they make
 * @param profiles kinds of instances
 */
public record Bundle(List<BundledModel> models, List<BundledProfile> profiles) {

  private static final JsonMapper MAPPER = WireJson.mapper();
  private static final Bundle BUNDLED = read("profiles.json", Bundle.class);
  private static final PlanRequest CASE_STUDY = read("case-study.json", PlanRequest.class);

  /** Copies the lists. */
  public Bundle {
    models = List.copyOf(models);
    profiles = List.copyOf(profiles);
  }

  /** Where a figure comes from. */
  public enum Mark {
    /** The paper prints it. */
    PUBLISHED,
    /** Calibrated on the paper's results. */
    FITTED,
    /** Neither; our choice or derivation. */
    OURS
  }

  /** A model's S_kv(l). */
  public record BundledModel(String name, Curve kvBytes, Mark mark, String source) {}

  /**
   * A kind of instance.
   *
   * @param model with which it was measured
   * @param decodeMark null if it does not decode
   */
  public record BundledProfile(
      String name,
      String model,
      double gpus,
      @Nullable Curve prefillSeconds,
      @Nullable Curve kvThroughputGbps,
      @Nullable Decoding decode,
      Mark mark,
      @Nullable Mark decodeMark,
      String source) {}

  /** The bundle. */
  public static Bundle bundled() {
    return BUNDLED;
  }

  /** The paper's case study as a request. */
  public static PlanRequest caseStudy() {
    return CASE_STUDY;
  }

  Optional<BundledModel> model(String name) {
    return models.stream().filter(m -> m.name().equals(name)).findFirst();
  }

  Optional<BundledProfile> profile(String name) {
    return profiles.stream().filter(p -> p.name().equals(name)).findFirst();
  }

  String modelNames() {
    return models.stream().map(BundledModel::name).collect(Collectors.joining(", "));
  }

  String profileNames() {
    return profiles.stream().map(BundledProfile::name).collect(Collectors.joining(", "));
  }

  private static <T> T read(String resource, Class<T> type) {
    try (InputStream in = Bundle.class.getResourceAsStream("/" + resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not on the class path");
      }
      return MAPPER.readValue(in, type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
