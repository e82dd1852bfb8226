package io.membrane.worker.fetch;

import io.membrane.rpc.CallContext;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Threads of a fetch. */
final class FetchThread {

  private static final Logger log = LoggerFactory.getLogger(FetchThread.class);

  private FetchThread() {}

  /** A thread that works in the caller's context. */
  static Thread start(String name, Runnable work) {
    Callable<Runnable> carried =
        CallContext.carry(() -> {
          work.run();
          return work;
        });
    return Thread.ofVirtual()
        .name(name)
        .start(() -> {
          try {
            Runnable _ = carried.call();
          } catch (Exception e) {
            log.error("a fetch failed", e);
          }
        });
  }
}
