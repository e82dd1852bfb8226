package io.membrane.scheduler.request;

import static io.membrane.scheduler.request.PlanRequests.brief;

import io.membrane.scheduler.request.Bundle.BundledProfile;
import io.membrane.scheduler.request.Bundle.Mark;
import io.membrane.scheduler.request.PlanRequest.Decoding;
import io.membrane.scheduler.request.PlanRequest.Profile;
import io.membrane.scheduler.throughput.Decode;
import io.membrane.scheduler.throughput.HourlyPrice;
import io.membrane.scheduler.throughput.InstanceType;
import io.membrane.scheduler.throughput.LengthCurve;
import io.membrane.scheduler.throughput.Lengths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Kinds of instances by name: the request's own before the bundled ones. All of the request's own
 * are checked, whether or not a cluster has instances of them.
 */
final class Kinds {

  private static final int MAX_PROFILES = 256;
  private static final int MAX_DISTINCT = 16;
  private static final double MAX_USD = 1e6;
  private static final double MS = 1000;
  private static final int HOURS = 24;

  private final LengthCurve kvBytes;
  private final @Nullable String model;
  private final Map<String, InstanceType> own = new HashMap<>();
  private final Set<String> priced = new HashSet<>();
  private final Map<String, InstanceType> used = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();

  /**
   * Kinds for one request.
   *
   * @param model name of the bundled model; null for a user's own
   */
  Kinds(
      @Nullable Map<String, @Nullable Profile> given, LengthCurve kvBytes, @Nullable String model) {
    this.kvBytes = kvBytes;
    this.model = model;
    Place place = Place.ROOT.field("profiles");
    if (given != null && given.size() > MAX_PROFILES) {
      throw place.impossible("%d profiles, at most %d".formatted(given.size(), MAX_PROFILES));
    }
    if (given != null) {
      given.forEach((name, profile) -> own(place.key(brief(name)), name, profile));
    }
  }

  private void own(Place place, String given, @Nullable Profile profile) {
    String name = place.name(given, "name the profile");
    own.put(
        name, type(place, name, place.required(profile, "write a profile or leave the name out")));
    if (profile != null && profile.usdPerGpuHour() != null) {
      priced.add(name);
    }
  }

  /** Whether a kind that is used has a price. */
  boolean priced() {
    return used.keySet().stream().anyMatch(priced::contains);
  }

  /** What a reader of a plan for these lengths has to know. */
  List<String> notes(Lengths lengths) {
    List<String> all = new ArrayList<>(notes);
    used.forEach((name, type) ->
        Curves.beyondRows("prefill of profile '%s'".formatted(name), type.prefillSeconds(), lengths)
            .ifPresent(all::add));
    own.keySet().stream()
        .filter(name -> !used.containsKey(name))
        .sorted()
        .limit(5)
        .forEach(name ->
            all.add(
                "profile '%s' is not used: no cluster has instances of it".formatted(brief(name))));
    return all;
  }

  /** The kind that a cluster names. */
  InstanceType get(Place place, String name) {
    InstanceType known = used.get(name);
    if (known != null) {
      return known;
    }
    if (used.size() == MAX_DISTINCT) {
      throw place.impossible(
          "more than %d kinds of instances in one fleet".formatted(MAX_DISTINCT));
    }
    InstanceType mine = own.get(name);
    InstanceType type = mine == null ? bundled(place, name) : mine;
    used.put(name, type);
    return type;
  }

  void check(double tokens) {
    used.forEach((name, type) ->
        Place.ROOT
            .field("profiles")
            .key(brief(name))
            .number(
                type.prefillSeconds().at(tokens),
                1e-9,
                1e9,
                "seconds of prefill that its curve gives at %s tokens".formatted(tokens)));
  }

  private InstanceType bundled(Place place, String name) {
    BundledProfile profile =
        Bundle.bundled()
            .profile(name)
            .orElseThrow(() ->
                place.impossible(
                    "there is no profile '%s'; give it under profiles, or name one of the"
                            .formatted(brief(name))
                        + " bundled ones: "
                        + Bundle.bundled().profileNames()));
    if (!profile.model().equals(model)) {
      notes.add(
          "profile '%s' was measured with %s, not with the model of this plan"
              .formatted(name, profile.model()));
    }
    note(name, "prefill", profile.mark());
    if (profile.decodeMark() != null) {
      note(name, "decode", profile.decodeMark());
    }
    return type(
        Place.ROOT.field("profiles").key(name),
        name,
        new Profile(
            profile.gpus(),
            profile.prefillSeconds(),
            profile.kvThroughputGbps(),
            profile.decode(),
            null));
  }

  private void note(String name, String what, Mark mark) {
    switch (mark) {
      case PUBLISHED -> {}
      case FITTED ->
          notes.add("%s of profile '%s' is fitted on the paper's Table 6".formatted(what, name));
      case OURS -> notes.add("%s of profile '%s' is our own figure".formatted(what, name));
    }
  }

  private InstanceType type(Place place, String name, Profile profile) {
    int gpus =
        place.field("gpus").whole(profile.gpus(), 1, 100_000, "write the GPUs of one instance");
    LengthCurve seconds = prefillSeconds(place, profile);
    Decode decode =
        profile.decode() == null ? null : decode(place.field("decode"), profile.decode());
    HourlyPrice price = price(place.field("usd_per_gpu_hour"), profile.usdPerGpuHour());
    return place.build(() -> new InstanceType(name, gpus, seconds, decode, price));
  }

  private LengthCurve prefillSeconds(Place place, Profile profile) {
    if (profile.prefillSeconds() != null && profile.kvThroughputGbps() != null) {
      throw place.impossible("give prefill_seconds or kv_throughput_gbps, not both");
    }
    if (profile.kvThroughputGbps() != null) {
      return Curves.prefillSeconds(
          place.field("kv_throughput_gbps"), profile.kvThroughputGbps(), kvBytes);
    }
    return Curves.of(
        place.field("prefill_seconds"),
        place
            .field("prefill_seconds")
            .required(profile.prefillSeconds(), "give it, or kv_throughput_gbps"));
  }

  private static Decode decode(Place place, Decoding given) {
    int batch =
        place
            .field("max_batch")
            .whole(given.maxBatch(), 1, 1_000_000, "write how many requests decode together");
    double step =
        place
            .field("step_ms")
            .number(given.stepMs(), 1e-6, 1e9, "write how long a step of a full batch takes, ms");
    return place.build(() -> new Decode(batch, step / MS));
  }

  private static HourlyPrice price(Place place, @Nullable List<@Nullable Double> given) {
    if (given == null) {
      return HourlyPrice.FREE;
    }
    List<Double> usd = new ArrayList<>();
    for (int i = 0; i < given.size() && i <= HOURS; i++) {
      Place at = given.size() == 1 ? place : place.index(i);
      usd.add(at.number(given.get(i), 0, MAX_USD, "write a price in USD, 0 or more"));
    }
    return place.build(
        () -> usd.size() == 1 ? HourlyPrice.constant(usd.getFirst()) : new HourlyPrice(usd));
  }
}
