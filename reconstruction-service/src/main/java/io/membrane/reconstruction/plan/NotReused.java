package io.membrane.reconstruction.plan;

/** Why tokens were not reused. */
public enum NotReused {
  /** No place is known. */
  NOT_STORED,
  /** The directory names them, but their bytes are gone. */
  GONE,
  /** They are at another cluster, and the scheduler does not have them moved. */
  ELSEWHERE,
  /** Fetching takes longer than computing. */
  SLOWER,
  /** They were to be fetched, and could not. */
  NOT_FETCHED,
  /** They lie behind the last full block, of which nothing is stored. */
  TAIL
}
