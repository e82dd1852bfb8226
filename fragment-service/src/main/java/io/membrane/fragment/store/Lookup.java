package io.membrane.fragment.store;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A name as it was found in Redis: whole, or damaged. */
sealed interface Lookup {

  /** It can be read. */
  record Whole(Description description, String bodyId) implements Lookup {}

  /** It cannot. */
  record Damaged(String why, String bodyId) implements Lookup {}

  /** What {@code resolve.lua} answers for a name; null if it is not there. */
  static @Nullable Lookup of(Name name, List<@Nullable Object> answer) {
    if (answer.isEmpty()) {
      return null;
    }
    byte[] record = (byte[]) Objects.requireNonNull(answer.getFirst());
    boolean hasBody = answer.size() > 1 && answer.get(1) != null;
    return NameRecord.read(name, record, hasBody ? ScriptValues.string(answer, 1) : null);
  }
}
