package io.membrane.directory.semantic;

import io.github.jbellis.jvector.vector.VectorUtil;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import io.membrane.wire.DirectoryClient;
import java.nio.ByteBuffer;

/**
 * Embeddings as JVector has them, of length one, so that a dot product is a cosine; and as the log
 * has them.
 */
public final class Embeddings {

  /** Most dimensions of an embedding. */
  public static final int MAX_DIMENSIONS = DirectoryClient.MAX_DIMENSIONS;

  private static final VectorTypeSupport VECTORS =
      VectorizationProvider.getInstance().getVectorTypeSupport();

  private Embeddings() {}

  /**
   * The direction of an embedding.
   *
   * @throws IllegalArgumentException if it has none, or too many dimensions
   */
  static VectorFloat<?> direction(float[] embedding) {
    return VECTORS.createFloatVector(unit(embedding));
  }

  private static float[] unit(float[] embedding) {
    if (embedding.length == 0 || embedding.length > MAX_DIMENSIONS) {
      throw new IllegalArgumentException(
          "an embedding has 1 to %d dimensions, not %d"
              .formatted(MAX_DIMENSIONS, embedding.length));
    }
    double square = 0;
    for (float value : embedding) {
      square += (double) value * value;
    }
    if (!Double.isFinite(square) || square == 0) {
      throw new IllegalArgumentException(
          "an embedding is of finite numbers, not all of which are 0");
    }
    float[] unit = new float[embedding.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (embedding[i] / Math.sqrt(square));
    }
    return unit;
  }

  /**
   * An embedding's direction in IEEE 754 binary16, big-endian: 2 bytes for each dimension, and a
   * cosine is off by less than 0.001.
   *
   * @throws IllegalArgumentException if it has none, or too many dimensions
   */
  public static byte[] encode(float[] embedding) {
    ByteBuffer bytes = ByteBuffer.allocate(Short.BYTES * embedding.length);
    for (float value : unit(embedding)) {
      bytes.putShort(Float.floatToFloat16(value));
    }
    return bytes.array();
  }

  /** What {@link #encode} made, as an embedding. */
  public static float[] decode(byte[] direction) {
    ByteBuffer bytes = ByteBuffer.wrap(direction);
    float[] embedding = new float[direction.length / Short.BYTES];
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] = Float.float16ToFloat(bytes.getShort());
    }
    return embedding;
  }

  /** Cosine of the angle between two directions. */
  static double cosine(VectorFloat<?> one, VectorFloat<?> other) {
    return Math.clamp((double) VectorUtil.dotProduct(one, other), -1, 1);
  }
}
