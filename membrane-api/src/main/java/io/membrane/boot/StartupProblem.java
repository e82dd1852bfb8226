package io.membrane.boot;

/** A configuration or a missing part that makes a start pointless. Reported without a trace. */
public final class StartupProblem extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String action;

  /**
   * @param problem what is wrong
   * @param action what to write or do instead
   */
  public StartupProblem(String problem, String action) {
    super(problem);
    this.action = action;
  }

  public String action() {
    return action;
  }
}
