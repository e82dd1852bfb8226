package io.membrane.fragment.hot;

import io.membrane.block.FragmentKey;
import org.jspecify.annotations.Nullable;

/** What can be read without waiting. Implementations are thread-safe. */
public interface MemoryReads {

  /**
   * A lease of what is in memory for this tenant, the caller's to close. Does not block.
   *
   * @param tenant a well-formed tenant: 1 to 128 letters, digits, '.', '_' and '-'
   * @return null if there is nothing, or if anything about it is in doubt: the slow way decides
   */
  @Nullable Resident find(String tenant, FragmentKey key);

  /** As {@link #find}; what is not found counts as not asked for. */
  @Nullable Resident findKept(String tenant, FragmentKey key);
}
