package io.membrane.worker.checkpoint;

/**
 * Rotary position embedding: pair {@code i} of a head turns by {@code position · frequency_i}.
 *
 * @param base base of the wavelengths ({@code rope_theta})
 * @param dimensions leading dimensions of a head that are rotated, even; the others stay
 * @param scaling how a longer context is reached
 */
public record Rope(double base, int dimensions, RopeScaling scaling) {

  public Rope {
    if (!(base > 1) || Double.isInfinite(base)) {
      throw new BadModelException("config.json: rope_theta must be above 1, not " + base);
    }
    if (dimensions < 2 || dimensions % 2 != 0) {
      throw new BadModelException(
          "config.json: the rotated part of a head must be even and at least 2, not "
              + dimensions
              + ": correct head_dim or partial_rotary_factor");
    }
  }

  /**
   * Radians per position of each pair, as float32 in the order of operations of Hugging Face
   * transformers, so that the angles of far positions agree to the last bit.
   *
   * @param wavelengths {@code base^(2i/dimensions)} as the engine computes it, one per pair
   */
  public float[] frequencies(float[] wavelengths) {
    return scaling.frequencies(this, wavelengths);
  }

  /** The name in a signature: {@code rope}, with the kind of scaling after a colon. */
  public String encoding() {
    return scaling instanceof RopeScaling.None ? "rope" : "rope:" + scaling.word();
  }
}
