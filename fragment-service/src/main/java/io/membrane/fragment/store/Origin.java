package io.membrane.fragment.store;

/** Who asks for fragments. */
public enum Origin {
  /** A caller: other nodes are asked for what belongs to them. */
  CLIENT,
  /** Another node, for a caller of its: no other is asked, so that questions end. */
  PEER,
  /**
   * Another node, for this one to have them: they are kept whatever this node believes to be its
   * own, and nobody is told on, so that hints end. Counts as no use.
   */
  HINT
}
