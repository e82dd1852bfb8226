package io.membrane.worker.checkpoint;

import java.util.List;
import java.util.Locale;

/**
 * Ways to scale rotary embeddings, with the formulas of Hugging Face transformers ({@code
 * modeling_rope_utils.py}). Arithmetic that transformers does on float32 tensors is done in float.
 */
public sealed interface RopeScaling {

  /** Radians per position of each pair. */
  float[] frequencies(Rope rope, float[] wavelengths);

  /** Factor on cosine and sine. */
  default double attentionFactor() {
    return 1.0;
  }

  /**
   * Tokens up to which K is a function of the prefix alone.
   *
   * @param maxPositions {@code max_position_embeddings}
   */
  default int positionLimit(int maxPositions) {
    return maxPositions;
  }

  /** Why longer prompts are refused, for the error message. */
  default String limitReason() {
    return "the model was made for that many positions";
  }

  /** The value of {@code rope_type}. */
  default String word() {
    return getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  /** No scaling. */
  record None() implements RopeScaling {
    @Override
    public float[] frequencies(Rope rope, float[] wavelengths) {
      return inverse(wavelengths);
    }

    @Override
    public String word() {
      return "default";
    }
  }

  /** All frequencies divided by {@code factor} (kaiokendev). */
  record Linear(double factor) implements RopeScaling {
    public Linear {
      requireFactor(factor);
    }

    @Override
    public float[] frequencies(Rope rope, float[] wavelengths) {
      float[] f = inverse(wavelengths);
      for (int i = 0; i < f.length; i++) {
        f[i] /= (float) factor;
      }
      return f;
    }

    @Override
    public int positionLimit(int maxPositions) {
      return (int) Math.min(Integer.MAX_VALUE, maxPositions * factor);
    }
  }

  /** Long wavelengths divided, short ones kept, a ramp between (Llama 3.1). */
  record Llama3(
      double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions)
      implements RopeScaling {
    public Llama3 {
      requireFactor(factor);
      if (!(lowFrequencyFactor > 0) || !(highFrequencyFactor > lowFrequencyFactor)) {
        throw new BadModelException(
            "config.json: llama3 rope needs 0 < low_freq_factor < high_freq_factor");
      }
    }

    /** A number over a tensor is the tensor's reciprocal times the number in torch, to the bit. */
    @Override
    public float[] frequencies(Rope rope, float[] wavelengths) {
      float[] f = inverse(wavelengths);
      double longest = originalPositions / lowFrequencyFactor;
      double shortest = originalPositions / highFrequencyFactor;
      float span = (float) (highFrequencyFactor - lowFrequencyFactor);
      for (int i = 0; i < f.length; i++) {
        float wavelength = (1 / f[i]) * (float) (2 * Math.PI);
        if (wavelength > longest) {
          f[i] /= (float) factor;
        } else if (wavelength >= shortest) {
          float smooth = ((1 / wavelength) * originalPositions - (float) lowFrequencyFactor) / span;
          f[i] = (1 - smooth) * f[i] / (float) factor + smooth * f[i];
        }
      }
      return f;
    }
  }

  /**
   * NTK by parts (YaRN, arXiv:2309.00071).
   *
   * @param betaFast rotations above which a pair is extrapolated
   * @param betaSlow rotations below which a pair is interpolated
   * @param truncate whether the range of the ramp is rounded outwards
   */
  record Yarn(
      double factor,
      double attentionFactor,
      double betaFast,
      double betaSlow,
      boolean truncate,
      int originalPositions)
      implements RopeScaling {
    public Yarn {
      requireFactor(factor);
    }

    @Override
    public float[] frequencies(Rope rope, float[] wavelengths) {
      double low = pair(betaFast, rope);
      double high = pair(betaSlow, rope);
      if (truncate) {
        low = Math.floor(low);
        high = Math.ceil(high);
      }
      low = Math.max(low, 0);
      high = Math.min(high, rope.dimensions() - 1);
      double width = low == high ? 0.001 : high - low;
      float[] f = new float[wavelengths.length];
      for (int i = 0; i < f.length; i++) {
        float ramp = Math.clamp((i - (float) low) / (float) width, 0f, 1f);
        float kept = 1 - ramp;
        f[i] = 1 / ((float) factor * wavelengths[i]) * (1 - kept) + 1 / wavelengths[i] * kept;
      }
      return f;
    }

    private double pair(double rotations, Rope rope) {
      return rope.dimensions()
          * Math.log(originalPositions / (rotations * 2 * Math.PI))
          / (2 * Math.log(rope.base()));
    }

    @Override
    public int positionLimit(int maxPositions) {
      return (int) Math.max(maxPositions, Math.min(Integer.MAX_VALUE, originalPositions * factor));
    }
  }

  /** NTK with a base that grows with the prompt: without effect up to the maximum. */
  record Dynamic(double factor) implements RopeScaling {
    public Dynamic {
      requireFactor(factor);
    }

    @Override
    public float[] frequencies(Rope rope, float[] wavelengths) {
      return inverse(wavelengths);
    }

    @Override
    public String limitReason() {
      return "dynamic rope turns every position differently in longer prompts, so that their KV"
          + " could not be shared with shorter ones";
    }
  }

  /**
   * One factor per pair (LongRoPE, arXiv:2402.13753).
   *
   * @param shortFactors for prompts up to {@code originalPositions}; one per pair
   */
  record LongRope(List<Float> shortFactors, double attentionFactor, int originalPositions)
      implements RopeScaling {
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
    }

    @Override
    public float[] frequencies(Rope rope, float[] wavelengths) {
      if (shortFactors.size() != wavelengths.length) {
        throw new BadModelException(
            "config.json: short_factor has %d entries, the rope has %d pairs"
                .formatted(shortFactors.size(), wavelengths.length));
      }
      float[] f = new float[wavelengths.length];
      for (int i = 0; i < f.length; i++) {
        f[i] = 1 / (shortFactors.get(i) * wavelengths[i]);
      }
      return f;
    }

    @Override
    public int positionLimit(int maxPositions) {
      return Math.min(maxPositions, originalPositions);
    }

    @Override
    public String limitReason() {
      return "longrope turns every position differently in longer prompts (long_factor), so that"
          + " their KV could not be shared with shorter ones";
    }
  }

  private static float[] inverse(float[] wavelengths) {
    float[] f = new float[wavelengths.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = 1 / wavelengths[i];
    }
    return f;
  }

  private static void requireFactor(double factor) {
    if (!(factor >= 1) || Double.isInfinite(factor)) {
      throw new BadModelException(
          "config.json: the rope scaling's factor must be at least 1, not " + factor);
    }
  }
}
