package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Payload;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memories of the other nodes over the same Redis: each keeps a part, so that together they
 * hold more. They make a read faster or slower, never other than Redis would: what is asked of them
 * has been looked up there, and its digest decides. Thread-safe; throws nothing.
 */
public interface Neighbours {

  /** A node that is alone. */
  Neighbours NONE =
      new Neighbours() {
        @Override
        public boolean keepsHere(Name name) {
          return true;
        }

        @Override
        public List<@Nullable Payload> ask(List<Description> wanted) {
          return Collections.nCopies(wanted.size(), null);
        }

        @Override
        public void stored(Name name) {}

        @Override
        public void loaded(Name name) {}
      };

  /** Whether what is read or stored under this name is offered to memory here. */
  boolean keepsHere(Name name);

  /**
   * Bytes of fragments that belong elsewhere, verified. Blocks, for a time that is bounded by their
   * length.
   *
   * @return in order, the caller's to close; null for each that belongs here, or that was not
   *     answered properly and in time
   */
  List<@Nullable Payload> ask(List<Description> wanted);

  /** A fragment is new; its homes may want to have it. Does not block. */
  void stored(Name name);

  /** A fragment has come from Redis; its other homes may want to have it. Does not block. */
  void loaded(Name name);
}
