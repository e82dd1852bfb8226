package io.membrane.worker.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Reads the rotary embedding of a {@code config.json}. */
final class RopeReader {

  private static final double DEFAULT_BASE = 10_000;

  /** What a rope that names no type may say, and be the plain one. */
  private static final Set<String> UNSCALED = Set.of("rope_theta", "partial_rotary_factor");

  /** Of a head, all is rotated. */
  static final double WHOLE = 1;

  private RopeReader() {}

  /**
   * @param defaultPart rotated part of a head where the configuration does not say
   */
  static Rope read(JsonFile config, int headDim, int maxPositions, double defaultPart) {
    JsonFile parameters = config.object("rope_parameters");
    JsonFile scaling = config.object("rope_scaling");
    Rope rope =
        read(
            config,
            parameters.isEmpty() ? scaling : parameters,
            headDim,
            maxPositions,
            defaultPart);
    if (!parameters.isEmpty()
        && !scaling.isEmpty()
        && !rope.equals(read(config, scaling, headDim, maxPositions, defaultPart))) {
      throw new BadModelException(
          "config.json: rope_parameters and rope_scaling say different things: keep one of them,"
              + " with rope_theta in it");
    }
    return rope;
  }

  private static Rope read(
      JsonFile config, JsonFile rope, int headDim, int maxPositions, double defaultPart) {
    double base = rope.number("rope_theta", config.number("rope_theta", DEFAULT_BASE));
    double part =
        rope.number("partial_rotary_factor", config.number("partial_rotary_factor", defaultPart));
    if (defaultPart == WHOLE && part != WHOLE) {
      throw new BadModelException(
          "config.json: partial_rotary_factor %s is not served: models of this architecture rotate"
                  .formatted(part)
              + " whole heads. Remove it if this one does too");
    }
    return new Rope(base, (int) (headDim * part), scaling(config, rope, maxPositions));
  }

  private static RopeScaling scaling(JsonFile config, JsonFile rope, int maxPositions) {
    int original =
        config.size(
            "original_max_position_embeddings",
            rope.size("original_max_position_embeddings", maxPositions));
    boolean scalesNothing = UNSCALED.containsAll(rope.root().propertyNames());
    String type = rope.text("rope_type", rope.text("type", scalesNothing ? "default" : ""));
    return switch (type) {
      // Of text alone the three positions of "mrope" are equal.
      case "default", "mrope" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(rope.number("factor"));
      case "dynamic" -> new RopeScaling.Dynamic(rope.number("factor"));
      case "llama3" ->
          new RopeScaling.Llama3(
              rope.number("factor"),
              rope.number("low_freq_factor"),
              rope.number("high_freq_factor"),
              original);
      case "yarn" -> {
        double factor = rope.number("factor", (double) maxPositions / original);
        yield new RopeScaling.Yarn(
            factor,
            rope.number("attention_factor", yarnAttention(rope, factor)),
            rope.number("beta_fast", 32),
            rope.number("beta_slow", 1),
            rope.flag("truncate", true),
            original);
      }
      case "longrope" -> {
        double factor = rope.number("factor", (double) maxPositions / original);
        double inferred = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
        yield new RopeScaling.LongRope(
            shortFactors(rope), rope.number("attention_factor", inferred), original);
      }
      default ->
          throw new BadModelException(
              "config.json: rope_type '%s' is not served; these are: default, linear, dynamic, llama3, yarn, longrope"
                  .formatted(type));
    };
  }

  private static double yarnAttention(JsonFile rope, double factor) {
    double scale = rope.number("mscale", 0);
    double scaleAll = rope.number("mscale_all_dim", 0);
    return scale != 0 && scaleAll != 0
        ? magnitude(factor, scale) / magnitude(factor, scaleAll)
        : magnitude(factor, 1);
  }

  private static double magnitude(double factor, double scale) {
    return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
  }

  private static List<Float> shortFactors(JsonFile rope) {
    List<Float> values = new ArrayList<>();
    for (JsonNode factor : rope.root().path("short_factor")) {
      if (!factor.isNumber() || !(factor.floatValue() > 0)) {
        throw new BadModelException("config.json: short_factor must be a list of positive numbers");
      }
      values.add(factor.floatValue());
    }
    return values;
  }
}
