package io.membrane.worker.prefill;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The scripted module of {@code Prefill.torchscript}: turns Java values into the engine's and back.
 * To be used by one thread at a time.
 */
final class Script implements AutoCloseable {

  private final PtNDManager manager;
  private final PtSymbolBlock module;

  Script() {
    manager = (PtNDManager) ai.djl.engine.Engine.getEngine("PyTorch").newBaseManager(Device.cpu());
    try {
      module =
          JniUtils.loadModule(
              manager, new ByteArrayInputStream(ScriptArchive.write()), false, false);
    } catch (IOException e) {
      manager.close();
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Calls a method.
   *
   * @param arguments of type String, Long, Integer, Double, long[], IValue, IValue[] of tensors,
   *     PtNDArray or PtNDArray[]; values of the engine stay the caller's to close
   * @return the caller's to close
   */
  IValue call(String method, Object... arguments) {
    IValue[] values = new IValue[arguments.length];
    try {
      for (int i = 0; i < arguments.length; i++) {
        values[i] = value(arguments[i]);
      }
      return IValueUtils.runMethod(module, method, values);
    } finally {
      for (int i = 0; i < arguments.length; i++) {
        if (values[i] != null && !(arguments[i] instanceof IValue)) {
          values[i].close();
        }
      }
    }
  }

  /**
   * Calls a method that returns a list of tensors.
   *
   * @return its elements, the caller's to close
   */
  IValue[] callForTensors(String method, Object... arguments) {
    try (IValue list = call(method, arguments)) {
      return list.toIValueArray();
    }
  }

  /** Calls a method whose result says nothing. */
  void run(String method, Object... arguments) {
    call(method, arguments).close();
  }

  /** Calls a method that answers yes or no. */
  boolean test(String method, Object... arguments) {
    try (IValue answer = call(method, arguments)) {
      return answer.toBoolean();
    }
  }

  private static IValue value(Object argument) {
    return switch (argument) {
      case String text -> IValue.from(text);
      case Integer number -> IValue.from(number.longValue());
      case Long number -> IValue.from(number);
      case Double number -> IValue.from(number);
      case long[] numbers -> IValue.listFrom(numbers);
      case PtNDArray array -> IValue.from(array);
      case PtNDArray[] arrays -> IValue.listFrom(arrays);
      case IValue[] tensors -> IValue.listFrom(tensors);
      case IValue value -> value;
      default -> throw new IllegalArgumentException("no such argument: " + argument.getClass());
    };
  }

  /** Raw bytes as a tensor over the same memory, which must stay as long as the tensor. */
  PtNDArray bytes(ByteBuffer direct) {
    return manager.create(direct, new Shape(direct.remaining()), DataType.UINT8);
  }

  PtNDArray floats(float[] values) {
    return (PtNDArray) manager.create(values);
  }

  PtNDArray ints(int[] values) {
    return (PtNDArray) manager.create(values);
  }

  /** The floats of a one-dimensional result, which is closed. */
  float[] floats(IValue result) {
    try (result;
        NDArray array = result.toTensor(manager)) {
      return array.toFloatArray();
    }
  }

  /** A copy of the bytes of a one-dimensional uint8 result, which is closed. */
  byte[] bytes(IValue result) {
    try (result;
        PtNDArray array = result.toTensor(manager)) {
      ByteBuffer view = array.toByteBuffer(true);
      byte[] copy = new byte[view.remaining()];
      view.get(copy);
      return copy;
    }
  }

  static void closeAll(PtNDArray[] arrays) {
    Arrays.stream(arrays).forEach(NDArray::close);
  }

  @Override
  public void close() {
    module.close();
    manager.close();
  }
}
