package io.membrane.directory.semantic;

import io.github.jbellis.jvector.vector.VectorUtil;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;

/** Embeddings as JVector has them: of length one, so that a dot product is a cosine. */
final class Embeddings {

  static final int MAX_DIMENSIONS = 4096;

  private static final VectorTypeSupport VECTORS =
      VectorizationProvider.getInstance().getVectorTypeSupport();

  private Embeddings() {}

  /**
   * The direction of an embedding.
   *
   * @throws IllegalArgumentException if it has none, or too many dimensions
   */
  static VectorFloat<?> direction(float[] embedding) {
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
    return VECTORS.createFloatVector(unit);
  }

  /** Cosine of the angle between two directions. */
  static double cosine(VectorFloat<?> one, VectorFloat<?> other) {
    return Math.clamp((double) VectorUtil.dotProduct(one, other), -1, 1);
  }
}
