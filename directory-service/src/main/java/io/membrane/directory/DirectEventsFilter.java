package io.membrane.directory;

import io.membrane.boot.CallContexts;
import io.membrane.directory.feed.EventIntake;
import io.membrane.directory.location.ChangeBatch;
import io.membrane.rpc.WireJson;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

/** Takes batches of {@linkplain PlainEvents plainly written} events in, no object for each. */
final class DirectEventsFilter extends DirectFilter {

  private static final long serialVersionUID = 1L;

  /** Enough for {@code MAX_EVENTS} that say nothing needless. */
  private static final int MAX_BODY = 6 << 20;

  private final transient EventIntake intake;
  private final transient Matches matches;

  DirectEventsFilter(EventIntake intake, Matches matches, CallContexts contexts, Timer timer) {
    super(contexts, timer, MAX_BODY);
    this.intake = intake;
    this.matches = matches;
  }

  @Override
  byte @Nullable [] answer(byte[] body) {
    ChangeBatch batch = PlainEvents.parse(body, matches.domain());
    return batch == null ? null : WireJson.mapper().writeValueAsBytes(intake.accept(batch));
  }
}
