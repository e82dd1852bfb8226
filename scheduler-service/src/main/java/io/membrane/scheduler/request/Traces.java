package io.membrane.scheduler.request;

import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.Optional;

/** The uploaded traces that a caller may name. */
@FunctionalInterface
public interface Traces {

  /** Knows no trace. */
  Traces NONE = id -> Optional.empty();

  /** A trace, if there is such a one. */
  Optional<Trace> find(String id);
}
