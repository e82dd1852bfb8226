package io.membrane.worker.prefill;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The engine's own threads. OpenMP lets them spin between two operations, which is fine on a
 * machine of one's own; beside other busy processes every operation then waits for a core that a
 * spinning thread holds. Measured on 2 cores beside builds, 2,048 tokens in chunks of 16: 11 to 38
 * s spinning, 0.3 s sleeping. On a machine of the worker's own the waking costs: 2,048 tokens of a
 * 0.5 B model took 5 s sleeping, 3 s with {@code OMP_WAIT_POLICY=active}.
 */
final class EngineThreads {

  private static final String WAIT_POLICY = "OMP_WAIT_POLICY";

  private EngineThreads() {}

  /**
   * Sets how threads wait, unless the environment says so, and how many there are. The first has an
   * effect only before the engine's libraries are loaded: OpenMP reads the environment then.
   *
   * @param threads 0 for one per core
   */
  static void configure(int threads) {
    if (System.getenv(WAIT_POLICY) == null) {
      setEnvironment(WAIT_POLICY, "passive");
    }
    Engine.getEngine("PyTorch"); // loads the libraries, without which the next call has no home
    if (threads > 0) {
      JniUtils.setNumThreads(threads);
    }
  }

  /** {@code int setenv(const char *name, const char *value, int overwrite)} of the C library. */
  @SuppressWarnings("restricted") // the manifest and every launcher allow native access
  private static void setEnvironment(String name, String value) {
    Linker linker = Linker.nativeLinker();
    MemorySegment setenv = linker.defaultLookup().findOrThrow("setenv");
    MethodHandle call =
        linker.downcallHandle(
            setenv,
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int error = (int) call.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
      if (error != 0) {
        throw new IllegalStateException("setenv of " + name + " failed");
      }
    } catch (Throwable e) {
      throw new IllegalStateException("setenv of " + name + " failed", e);
    }
  }
}
