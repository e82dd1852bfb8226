package io.membrane.fragment.compression;

import java.io.IOException;

/** Bytes that are not zstd, or not whole frames of it, or that need more memory than is given. */
public final class MalformedZstdException extends IOException {

  private static final long serialVersionUID = 1L;

  MalformedZstdException(String what) {
    super(what);
  }

  MalformedZstdException(String what, Throwable cause) {
    super(what, cause);
  }
}
