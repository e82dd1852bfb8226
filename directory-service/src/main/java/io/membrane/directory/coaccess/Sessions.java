package io.membrane.directory.coaccess;

import io.membrane.block.BlockHash;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The last context of each session; those used longest ago go. Not thread-safe. */
final class Sessions {

  private final int maxBlocks;
  private final Map<Key, Context> contexts = new LinkedHashMap<>(16, 0.75f, true);
  private int blocks;

  private record Key(String domain, String session) {}

  /**
   * A context, of whose blocks 64 bits are kept: of those that differ from another context's all
   * but one in 2^64 are seen to.
   */
  @SuppressWarnings("ArrayRecordComponent") // made here, never given away
  record Context(long[] marks, BlockHash last) {

    /** How many blocks this and another context begin with alike. */
    int commonWith(List<BlockHash> other) {
      int i = 0;
      while (i < marks.length && i < other.size() && marks[i] == mark(other.get(i))) {
        i++;
      }
      return i;
    }

    int length() {
      return marks.length;
    }
  }

  /**
   * @param maxBlocks most blocks of all contexts together
   */
  Sessions(int maxBlocks) {
    this.maxBlocks = maxBlocks;
  }

  /** The last block of a session's context, which counts as a use of it. */
  @Nullable BlockHash last(String domain, String session) {
    Context context = contexts.get(new Key(domain, session));
    return context == null ? null : context.last();
  }

  /** Replaces a session's context, which is not empty, and gives back the one before. */
  @Nullable Context replace(String domain, String session, List<BlockHash> context) {
    long[] marks = context.stream().mapToLong(Sessions::mark).toArray();
    Context before = contexts.put(new Key(domain, session), new Context(marks, context.getLast()));
    blocks += marks.length - (before == null ? 0 : before.length());
    Iterator<Context> oldest = contexts.values().iterator();
    while (blocks > maxBlocks) {
      blocks -= oldest.next().length();
      oldest.remove();
    }
    return before;
  }

  private static long mark(BlockHash hash) {
    return hash.mixed(0);
  }
}
