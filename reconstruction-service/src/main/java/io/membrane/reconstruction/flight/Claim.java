package io.membrane.reconstruction.flight;

/** What becomes of the wish to compute a prompt alone. */
public sealed interface Claim {

  /** Nobody else may compute it until the lease is closed. */
  record Granted(Lease lease) implements Claim {}

  /** Somebody else computes it. */
  record Busy() implements Claim {}

  /**
   * Redis cannot be asked.
   *
   * @param cause why
   */
  record Unknown(Throwable cause) implements Claim {}
}
