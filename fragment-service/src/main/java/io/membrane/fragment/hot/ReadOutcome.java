package io.membrane.fragment.hot;

import java.util.Locale;

/** What became of a read that the memory was asked for; the tag {@code outcome} of its timer. */
public enum ReadOutcome {
  /** 200 with all bytes. */
  WHOLE,
  /** 206. */
  PART,
  /** 200 without bytes, as asked. */
  HEAD,
  /** 304. */
  NOT_MODIFIED,
  /** The caller left, or was too slow, before it had all bytes. */
  BROKEN,
  /** Not in memory; the slow way has answered. The time is that of the look. */
  ABSENT;

  /** Value of the tag. */
  public String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
