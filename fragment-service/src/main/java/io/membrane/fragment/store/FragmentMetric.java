package io.membrane.fragment.store;

/**
 * Every metric of this service, by its Micrometer name. Puts, gets and their bytes have a tag
 * {@code tenant}, see {@link TenantCounters}.
 */
public enum FragmentMetric {
  /** Counter; tag {@code outcome}: {@code stored}, {@code same}, or the error's code. */
  PUTS("membrane.fragment.puts"),
  /**
   * Counter; tag {@code outcome}: {@code memory}, {@code peer} (another node's memory), {@code
   * redis}, {@code miss} (also of a question without bytes), or the error's code.
   */
  GETS("membrane.fragment.gets"),
  /** Timer of reads that memory was asked for; tag {@code outcome}: what it answered. */
  MEMORY_READS("membrane.fragment.memory.reads"),
  /**
   * Timer of puts that went well; those that failed or belong to a sampled trace are among {@code
   * http.server.requests}.
   */
  DIRECT_PUTS("membrane.fragment.direct.puts"),
  /** Counter: payload bytes stored. */
  BYTES_IN("membrane.fragment.bytes.in"),
  /**
   * Counter: payload bytes handed out; tag {@code tier}: {@code memory}, {@code peer} or {@code
   * redis}.
   */
  BYTES_OUT("membrane.fragment.bytes.out"),
  /** Counter: payloads dropped because they were not what had been stored. */
  CORRUPT("membrane.fragment.corrupt"),
  /** Counter: names dropped because the bytes that they name were gone. */
  DANGLING("membrane.fragment.dangling"),
  /** Counter; tag {@code reason}: {@code expired} or {@code evicted}, names that Redis gave up. */
  REMOVALS("membrane.fragment.removals"),
  /** Counter: bodies without a name that the sweep has found. */
  ORPHANS("membrane.fragment.orphans"),
  /** Counter: bodies that could not be unlinked at once. */
  UNLINKS_LOST("membrane.fragment.unlinks.lost"),
  /** Timer of Redis calls; tags {@code call} and {@code outcome}. */
  REDIS("membrane.fragment.redis"),
  /** Gauge: payload bytes of transfers under way. */
  IN_FLIGHT("membrane.fragment.in.flight.bytes"),
  /** Gauge: bytes that were acknowledged from memory and are not in Redis yet. */
  WRITE_BEHIND_BYTES("membrane.fragment.write.behind.bytes"),
  /** Counter: puts that were acknowledged from memory and then dropped. */
  WRITE_BEHIND_LOST("membrane.fragment.write.behind.lost"),
  /** Gauge; tag {@code tier}: bytes that are held. */
  TIER_BYTES("membrane.fragment.tier.bytes"),
  /** Gauge; tag {@code tier}: bytes that may be held; of Redis not a number until it has said. */
  TIER_CAPACITY("membrane.fragment.tier.capacity.bytes"),
  /** Gauge: leases of memory that were never closed, since the start; an error of the program. */
  LEAKS("membrane.fragment.leaks"),
  /** Counter: payload bytes that transfers have received. */
  TRANSFER_BYTES("membrane.fragment.transfer.bytes"),
  /**
   * Counter of fragments that transfers have dealt with; tag {@code outcome}: {@code stored},
   * {@code same}, {@code conflict}, {@code gone} or {@code failed}.
   */
  TRANSFER_FRAGMENTS("membrane.fragment.transfer.fragments"),
  /** Timer of what transfers wait for the rate of their link. */
  TRANSFER_WAIT("membrane.fragment.transfer.wait"),
  /**
   * Counter of fragments that other nodes were asked for; tag {@code outcome}: {@code hit}, {@code
   * absent}, {@code wrong} (not the bytes), {@code failed} (refused, late or broken), {@code
   * avoided} (it has kept failing, or enough is asked of it already).
   */
  PEER_READS("membrane.fragment.peer.reads"),
  /**
   * Counter of fragments that other nodes were to be told of; tag {@code outcome}: {@code sent},
   * {@code failed}, {@code dropped} (too many).
   */
  HINTS("membrane.fragment.hints"),
  /** Gauge: live fragment nodes of this cluster as this one knows them, itself included. */
  NODES("membrane.fragment.nodes"),
  /** Counter: fragments that other nodes were told of because they have become homes of them. */
  HOMES_MOVED("membrane.fragment.homes.moved");

  private final String meter;

  FragmentMetric(String meter) {
    this.meter = meter;
  }

  /** Name of the meter. */
  public String meter() {
    return meter;
  }
}
