package io.membrane.rpc;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Whether anybody still waits for an answer, and who has to hear when nobody does. Thread-safe. */
public final class Cancellation {

  private final Set<Listener> listeners = new LinkedHashSet<>();
  private boolean cancelled;

  /** Hears once, at most, of the end of a wait; until it is closed. */
  public final class Listener implements AutoCloseable {

    private final Runnable action;
    private boolean over;

    private Listener(Runnable action) {
      this.action = action;
    }

    private synchronized void hear() {
      if (!over) {
        over = true;
        action.run();
      }
    }

    /** From now on it hears nothing; waits for an action that runs. */
    @Override
    public void close() {
      forget(this);
      synchronized (this) {
        over = true;
      }
    }
  }

  /** Nobody waits any more. */
  public void cancel() {
    List<Listener> all;
    synchronized (listeners) {
      cancelled = true;
      all = List.copyOf(listeners);
      listeners.clear();
    }
    all.forEach(Listener::hear);
  }

  public boolean isCancelled() {
    synchronized (listeners) {
      return cancelled;
    }
  }

  /**
   * Runs an action when nobody waits any more, at once if that is so already.
   *
   * @param action short, for it is run by whoever cancels
   */
  public Listener onCancel(Runnable action) {
    Listener listener = new Listener(action);
    boolean late;
    synchronized (listeners) {
      late = cancelled;
      if (!late) {
        listeners.add(listener);
      }
    }
    if (late) {
      listener.hear();
    }
    return listener;
  }

  private void forget(Listener listener) {
    synchronized (listeners) {
      listeners.remove(listener);
    }
  }
}
