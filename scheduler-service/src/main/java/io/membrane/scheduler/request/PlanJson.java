package io.membrane.scheduler.request;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.membrane.rpc.WireJson;
import io.membrane.scheduler.planning.Plan;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON of plans: the wire's rules; NaN and Infinity are read, so that they can be refused with
 * their place; and the two names that snake_case does not give.
 */
public final class PlanJson {

  private static final JsonMapper MAPPER =
      configure(WireJson.configure(JsonMapper.builder())).build();

  private PlanJson() {}

  /** Plans for the command line; thread-safe. */
  public static JsonMapper mapper() {
    return MAPPER;
  }

  /** Adds what plans need to a mapper that follows the wire's rules. */
  public static JsonMapper.Builder configure(JsonMapper.Builder builder) {
    return builder
        .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
        .addMixIn(Plan.Figures.class, FiguresNames.class);
  }

  private interface FiguresNames {

    @JsonProperty("theta_pd_p_rps")
    double thetaPdPRps();

    @JsonProperty("theta_pd_d_rps")
    double thetaPdDRps();
  }
}
