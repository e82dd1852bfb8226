package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Payload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stored payload that has been verified against its digest.
 *
 * @param body the bytes; a lease of them, the holder's to close
 * @param zstd the same, compressed, as it lay in Redis; a lease, the holder's to close; null if it
 *     lay there otherwise, or was not asked for
 */
public record Fragment(Description description, Payload body, @Nullable Payload zstd)
    implements AutoCloseable {

  Fragment(Description description, Payload body) {
    this(description, body, null);
  }

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
    if (zstd != null) {
      zstd.close();
    }
  }
}
