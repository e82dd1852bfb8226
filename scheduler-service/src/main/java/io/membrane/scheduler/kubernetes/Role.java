package io.membrane.scheduler.kubernetes;

import java.util.Locale;

/** What an instance of the PD cluster does. */
enum Role {
  PREFILL,
  DECODE;

  /** Lower case, as in the configuration. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
