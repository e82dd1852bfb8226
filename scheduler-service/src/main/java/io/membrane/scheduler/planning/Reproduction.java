package io.membrane.scheduler.planning;

import io.membrane.scheduler.planning.Plan.Baselines;
import io.membrane.scheduler.planning.Plan.Basis;
import io.membrane.scheduler.planning.Plan.Figures;
import io.membrane.scheduler.planning.Plan.Reproduced;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Table 6 of arXiv:2604.15039v2, and the egress of section 4.3, beside our figures. */
final class Reproduction {

  private static final double TOLERANCE = 0.02;

  /** The paper says "about 13". */
  private static final double EGRESS_TOLERANCE = 0.05;

  private final String configuration;
  private final List<Reproduced> figures;

  private Reproduction(String configuration, List<Reproduced> figures) {
    this.configuration = configuration;
    this.figures = figures;
  }

  static List<Reproduced> of(Figures best, Baselines baselines) {
    List<Reproduced> all = new ArrayList<>();
    Figures homogeneous = baselines.homogeneousPd();
    new Reproduction("prfaas_pd", all)
        .add("threshold_tokens", 19_400, best.thresholdTokens(), Basis.PREDICTED)
        .count("n_prefill", 4, best.nPrefill(), Basis.GIVEN)
        .count("n_p", 3, best.nP(), Basis.PREDICTED)
        .count("n_d", 5, best.nD(), Basis.PREDICTED)
        .add("theta_prefill_rps", 1.61, best.thetaPrefillRps(), Basis.PREDICTED)
        .add("theta_pd_p_rps", 1.64, best.thetaPdPRps(), Basis.FITTED)
        .add("theta_pd_d_rps", 3.91, best.thetaPdDRps(), Basis.FITTED)
        .add("lambda_max_rps", 3.24, best.lambdaMaxRps(), Basis.PREDICTED)
        .add("ttft_mean_s", 2.22, best.ttftMeanS(), Basis.PREDICTED)
        .add("ttft_p90_s", 3.51, best.ttftP90S(), Basis.PREDICTED)
        .ratio(1.54, best, homogeneous)
        .add("egress_gbps", 13, best.egressGbps(), EGRESS_TOLERANCE, Basis.PREDICTED);
    if (homogeneous != null) {
      new Reproduction("homogeneous_pd", all)
          .count("n_prefill", 0, homogeneous.nPrefill(), Basis.GIVEN)
          .count("n_p", 9, homogeneous.nP(), Basis.PREDICTED)
          .count("n_d", 3, homogeneous.nD(), Basis.PREDICTED)
          .add("theta_pd_p_rps", 2.11, homogeneous.thetaPdPRps(), Basis.FITTED)
          .add("theta_pd_d_rps", 2.35, homogeneous.thetaPdDRps(), Basis.FITTED)
          .add("lambda_max_rps", 2.11, homogeneous.lambdaMaxRps(), Basis.FITTED)
          .add("ttft_mean_s", 4.44, homogeneous.ttftMeanS(), Basis.PREDICTED)
          .add("ttft_p90_s", 9.73, homogeneous.ttftP90S(), Basis.FITTED);
    }
    Figures naive = baselines.naiveHeterogeneousPd();
    if (naive != null) {
      new Reproduction("naive_heterogeneous_pd", all)
          .count("n_prefill", 4, naive.nPrefill(), Basis.GIVEN)
          .count("n_p", 0, naive.nP(), Basis.GIVEN)
          .count("n_d", 8, naive.nD(), Basis.GIVEN)
          .add("theta_prefill_rps", 2.45, naive.thetaPrefillRps(), Basis.PREDICTED)
          .add("theta_pd_d_rps", 6.25, naive.thetaPdDRps(), Basis.FITTED)
          .add("lambda_max_rps", 2.45, naive.lambdaMaxRps(), Basis.PREDICTED)
          .add("ttft_mean_s", 1.74, naive.ttftMeanS(), Basis.PREDICTED)
          .add("ttft_p90_s", 3.51, naive.ttftP90S(), Basis.PREDICTED)
          .ratio(1.16, naive, homogeneous);
    }
    return List.copyOf(all);
  }

  private Reproduction ratio(double paper, Figures of, @Nullable Figures to) {
    return to == null
        ? this
        : add("ratio", paper, of.lambdaMaxRps() / to.lambdaMaxRps(), Basis.PREDICTED);
  }

  private Reproduction add(String figure, double paper, double ours, Basis basis) {
    return add(figure, paper, ours, TOLERANCE, basis);
  }

  private Reproduction count(String figure, int paper, int ours, Basis basis) {
    return add(figure, paper, ours, 0, basis);
  }

  private Reproduction add(
      String figure, double paper, double ours, double tolerance, Basis basis) {
    double deviation = ours == paper ? 0 : ours / paper - 1;
    figures.add(new Reproduced(configuration, figure, paper, ours, deviation, tolerance, basis));
    return this;
  }
}
