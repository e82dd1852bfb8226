package io.membrane.scheduler.simulation.station;

import io.membrane.scheduler.throughput.Pool;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which instances of the PD cluster prefill, and how they are converted. An instance first finishes
 * what it has: one that prefills the prompt that it computes, one that decodes all requests of its
 * batch; meanwhile it takes nothing new. Not thread-safe.
 */
public final class PdRoles {

  private final PrefillStation prefill;
  private final DecodeStation decode;

  private int[] prefilling = {};
  private int[] decoding = {};
  private int[] leaving = {};
  private int[] kindOf = {};
  private boolean[] draining = {};
  private int firstInstance;
  private int changes;
  private int pending;

  /** Nobody has a role yet. */
  public PdRoles(PrefillStation prefill, DecodeStation decode) {
    this.prefill = prefill;
    this.decode = decode;
  }

  /** Gives every instance its first role; instances are numbered pool by pool. */
  public void setUp(List<Pool> pools, List<Integer> prefillByPool, int first) {
    firstInstance = first;
    prefilling = new int[pools.size()];
    decoding = new int[pools.size()];
    leaving = new int[pools.size()];
    int all = pools.stream().mapToInt(Pool::instances).sum();
    kindOf = new int[all];
    draining = new boolean[all];
    int instance = 0;
    for (int k = 0; k < pools.size(); k++) {
      boolean canDecode = pools.get(k).canDecode();
      for (int i = 0; i < pools.get(k).instances(); i++) {
        kindOf[instance] = k;
        if (i < prefillByPool.get(k)) {
          prefilling[k]++;
          prefill.join(0, first + instance, k);
        } else if (canDecode) {
          decoding[k]++;
          decode.join(0, first + instance, k);
        }
        instance++;
      }
    }
  }

  /** Begins to convert an instance of a pool; false if none can be. */
  public boolean convert(double now, int kind, boolean toPrefill) {
    if (toPrefill) {
      int instance = decode.drain(now, kind);
      if (instance == Requests.NONE) {
        return false;
      }
      decoding[kind]--;
      pending++;
      draining[instance - firstInstance] = true;
      decoded(now, instance);
      return true;
    }
    if (prefilling[kind] == 0) {
      return false;
    }
    prefilling[kind]--;
    leaving[kind]++;
    pending++;
    int instance = prefill.leave(now, kind);
    if (instance != Requests.NONE) {
      prefilled(now, instance);
    }
    return true;
  }

  /** A request has left an instance that decodes; converts it if it was the last. */
  public void decoded(double now, int instance) {
    int i = instance - firstInstance;
    if (draining[i] && decode.isEmpty(instance)) {
      draining[i] = false;
      decode.leave(instance);
      prefilling[kindOf[i]]++;
      arrived();
      prefill.join(now, instance, kindOf[i]);
    }
  }

  /** An instance has left the prefill station. */
  public void prefilled(double now, int instance) {
    int kind = kindOf[instance - firstInstance];
    leaving[kind]--;
    decoding[kind]++;
    arrived();
    decode.join(now, instance, kind);
  }

  private void arrived() {
    pending--;
    changes++;
  }

  /** Instances of each pool that prefill, those that still finish a last prompt too. */
  public List<Integer> prefillByPool() {
    return IntStream.range(0, prefilling.length).mapToObj(k -> prefilling[k] + leaving[k]).toList();
  }

  /** N_p. */
  public int nP() {
    return sum(prefilling);
  }

  /** N_d. */
  public int nD() {
    return sum(decoding);
  }

  /** Conversions that have begun and not ended. */
  public int pending() {
    return pending;
  }

  /** Conversions that have ended. */
  public int changes() {
    return changes;
  }

  private static int sum(int[] counts) {
    int sum = 0;
    for (int n : counts) {
      sum += n;
    }
    return sum;
  }
}
