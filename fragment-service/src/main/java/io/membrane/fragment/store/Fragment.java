package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Payload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stored payload that has been verified against its digest.
 *
 * @param body the bytes; a lease of them, the holder's to close
 */
public record Fragment(Description description, Payload body) implements AutoCloseable {

  static void closeAll(List<@Nullable Fragment> fragments) {
    for (Fragment fragment : fragments) {
      if (fragment != null) {
        fragment.close();
      }
    }
  }

  @Override
  public void close() {
    body.close();
  }
}
