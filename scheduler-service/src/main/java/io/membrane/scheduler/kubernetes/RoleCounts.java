package io.membrane.scheduler.kubernetes;

/** How many instances of the PD cluster do what, at least 0 each. */
public record RoleCounts(int prefill, int decode) {

  /** Refuses negative counts. */
  public RoleCounts {
    if (prefill < 0 || decode < 0) {
      throw new IllegalArgumentException(
          "a role cannot have fewer than 0 instances: prefill " + prefill + ", decode " + decode);
    }
  }

  int of(Role role) {
    return switch (role) {
      case PREFILL -> prefill;
      case DECODE -> decode;
    };
  }

  int sum() {
    return Math.addExact(prefill, decode);
  }

  @Override
  public String toString() {
    return "prefill " + prefill + ", decode " + decode;
  }
}
