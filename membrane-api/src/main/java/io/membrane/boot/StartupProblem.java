package io.membrane.boot;

import org.jspecify.annotations.Nullable;

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

  /**
   * Stops the start unless a property has a value that can be meant.
   *
   * @param wanted what to set it to
   */
  public static void unless(boolean holds, String property, @Nullable Object value, String wanted) {
    if (!holds) {
      throw new StartupProblem(
          property + " is " + value, "Set " + property + " to " + wanted + ".");
    }
  }
}
