package io.membrane.reconstruction.execute;

/** How a call stood to others that wanted the same computed. */
public enum Flight {
  /** Nothing was to be computed that others could use. */
  NONE,
  /** It computed while others may have waited. */
  LED,
  /** It waited for another that computed. */
  JOINED,
  /** It computed without asking others: Redis could not be asked, or it had waited often enough. */
  ALONE
}
