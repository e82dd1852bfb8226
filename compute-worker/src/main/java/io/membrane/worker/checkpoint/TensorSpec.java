package io.membrane.worker.checkpoint;

import java.util.Arrays;
import java.util.List;

/** A tensor's name in the checkpoint and its shape, outermost axis first. */
public record TensorSpec(String name, List<Long> shape) {

  public TensorSpec {
    shape = List.copyOf(shape);
  }

  TensorSpec(String name, int... shape) {
    this(name, Arrays.stream(shape).asLongStream().boxed().toList());
  }

  /** The shape as an array. */
  public long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
