package io.membrane.worker.checkpoint;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Element types of weights and of KV. */
public enum ElementType {
  F32(4, 6),
  BF16(2, 15),
  F16(2, 5);

  private final int bytes;
  private final int scalarType;

  ElementType(int bytes, int scalarType) {
    this.bytes = bytes;
    this.scalarType = scalarType;
  }

  /** Bytes per element. */
  public int bytes() {
    return bytes;
  }

  /** The number of this type in PyTorch's {@code c10::ScalarType}, which TorchScript takes. */
  public int scalarType() {
    return scalarType;
  }

  /** The name in a namespace's {@code kv_dtype}: {@code f32}, {@code bf16} or {@code f16}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The type of a {@link #word()}, or empty for any other text. */
  public static Optional<ElementType> ofWord(String word) {
    return Arrays.stream(values()).filter(type -> type.word().equals(word)).findFirst();
  }

  /** The type of a safetensors {@code dtype}, or empty if the worker cannot compute with it. */
  static Optional<ElementType> ofSafetensors(String dtype) {
    return Arrays.stream(values()).filter(type -> type.name().equals(dtype)).findFirst();
  }
}
