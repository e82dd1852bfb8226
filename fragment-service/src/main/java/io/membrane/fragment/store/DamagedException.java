package io.membrane.fragment.store;

/** What lies under a fragment's key is not what was stored there. */
final class DamagedException extends Exception {

  private static final long serialVersionUID = 1L;

  DamagedException(String what) {
    super(what);
  }

  DamagedException(String what, Throwable cause) {
    super(what, cause);
  }
}
