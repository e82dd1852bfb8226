package io.membrane.cli.fleet;

/** Why a fleet cannot be had, in words for the person who asked for it. */
public final class FleetProblem extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String advice;

  /**
   * @param problem what is wrong
   * @param advice what to do
   */
  public FleetProblem(String problem, String advice) {
    super(problem);
    this.advice = advice;
  }

  /** What to do. */
  public String advice() {
    return advice;
  }
}
