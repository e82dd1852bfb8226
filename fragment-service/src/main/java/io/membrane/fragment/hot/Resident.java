package io.membrane.fragment.hot;

import io.membrane.fragment.offheap.Payload;

/** A lease of a fragment in memory, for one answer. */
public interface Resident extends AutoCloseable {

  /** No life to tell of: {@link #ttlSeconds}. */
  long NO_TTL = -1;

  /** The whole fragment; valid until this is closed, and closed with it. */
  Payload body();

  /** The strong {@code ETag}, quotes included; it is among the {@link #headers} too. */
  String etag();

  /**
   * Every header that tells of the fragment, whatever part of it is asked for, but for its life:
   * {@code ETag}, {@code Repr-Digest} and {@code Membrane-*}. The same list for every reader, so
   * that it is made once.
   */
  Headers headers();

  /** The {@code Membrane-Ttl} of now, or {@link #NO_TTL} to leave it out. */
  long ttlSeconds();

  /** Ends the lease. Idempotent. */
  @Override
  void close();
}
