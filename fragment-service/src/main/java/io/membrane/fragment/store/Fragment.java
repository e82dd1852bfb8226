package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Payload;

/**
 * A stored payload that has been verified against its digest.
 *
 * @param body the bytes; a lease of them, the holder's to close
 */
public record Fragment(Description description, Payload body) implements AutoCloseable {

  @Override
  public void close() {
    body.close();
  }
}
