package io.membrane.fragment;

import io.membrane.fragment.store.Fragment;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.fragment.store.Name;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings fragments into memory behind the caller's back, one at a time for each call. Whether they
 * stay is the memory tier's to decide.
 */
final class Prefetch {

  private static final Logger log = LoggerFactory.getLogger(Prefetch.class);

  /** Calls that are carried out at a time. */
  private static final int MOST = 8;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Semaphore free = new Semaphore(MOST);
  private final FragmentStore store;

  Prefetch(FragmentStore store) {
    this.store = store;
  }

  /**
   * Begins.
   *
   * @throws MembraneException {@link ErrorCode#OVERLOADED} if enough is being fetched
   */
  void begin(List<Name> names) {
    if (!free.tryAcquire()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "enough is being fetched ahead; try again later");
    }
    CallContext context = CallContext.of(CallContext.tenantOfCall(), PATIENCE);
    Thread.ofVirtual()
        .name("prefetch")
        .start(() -> {
          try {
            context.call(() -> fetch(names));
          } catch (Exception e) {
            log.debug("not all was fetched ahead: {}", e.getMessage());
          } finally {
            free.release();
          }
        });
  }

  private boolean fetch(List<Name> names) {
    for (Name name : names) {
      try (Fragment fragment = store.get(name)) {
        log.trace("{} fetched ahead: {}", name, fragment != null);
      }
    }
    return true;
  }
}
