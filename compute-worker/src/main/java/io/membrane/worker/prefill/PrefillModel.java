package io.membrane.worker.prefill;

import ai.djl.engine.Engine;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.membrane.block.Tokens;
import io.membrane.worker.checkpoint.BadModelException;
import io.membrane.worker.checkpoint.Checkpoint;
import io.membrane.worker.checkpoint.ElementType;
import io.membrane.worker.checkpoint.Experts;
import io.membrane.worker.checkpoint.HybridLayers;
import io.membrane.worker.checkpoint.ModelConfig;
import io.membrane.worker.checkpoint.Rope;
import io.membrane.worker.checkpoint.TensorSpec;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model in the engine's memory, ready to prefill.
 *
 * <p>K and V are rounded to the KV type before attention reads them, so that it makes no difference
 * whether they come from this call or from a stored block. Weights in f16 compute in f32 on a CPU,
 * which has no fast f16; all others compute in their own type.
 *
 * <p>Confined to one thread at a time, and fastest on always the same one: the engine keeps its
 * worker threads per calling thread.
 */
public final class PrefillModel implements AutoCloseable {

  private final Script script;
  private final ModelConfig config;
  private final KvLayout layout;
  private final String device;
  private final @Nullable StateLayout stateLayout;
  private final int chunkTokens;
  private final SnapshotRule snapshotRule;

  private PrefillModel(
      Script script, ModelConfig config, KvLayout layout, String device, PrefillOptions options) {
    this.script = script;
    this.config = config;
    this.layout = layout;
    this.device = device;
    this.stateLayout = config.hybrid() == null ? null : StateLayout.of(config.hybrid());
    this.chunkTokens = options.chunkTokens();
    this.snapshotRule = options.snapshots();
  }

  /**
   * Copies the weights of a checkpoint, which may be closed afterwards, into the engine.
   *
   * @throws BadModelException if the device does not exist or the configuration is contradictory
   */
  public static PrefillModel load(Checkpoint checkpoint, PrefillOptions options) {
    EngineThreads.configure(options.threads());
    String device = device(options.device());
    ModelConfig config = checkpoint.config();
    ElementType weights = checkpoint.weightType();
    ElementType compute =
        device.equals("cpu") && weights == ElementType.F16 ? ElementType.F32 : weights;
    KvLayout layout =
        new KvLayout(
            config.layers(),
            config.attentionLayers(),
            config.kvHeads(),
            config.headDim(),
            Optional.ofNullable(options.kvType()).orElse(weights));
    Script script = new Script();
    try {
      script.run(
          "configure",
          device,
          compute.scalarType(),
          layout.type().scalarType(),
          layout.layers(),
          config.heads(),
          config.kvHeads(),
          config.headDim(),
          config.normEpsilon());
      rotate(script, config.rope());
      for (TensorSpec tensor : config.tensors()) {
        put(script, checkpoint, tensor);
      }
      if (config.hybrid() != null) {
        prepare(script, config, config.hybrid());
      }
    } catch (RuntimeException e) {
      script.close();
      throw e;
    }
    return new PrefillModel(script, config, layout, device, options);
  }

  private static void rotate(Script script, Rope rope) {
    float[] wavelengths = script.floats(script.call("wavelengths", rope.base(), rope.dimensions()));
    float[] angles = rope.frequencies(wavelengths);
    for (float angle : angles) {
      if (!Float.isFinite(angle)) {
        throw new BadModelException(
            "config.json: the rope's numbers lead to angles that are not finite: compare them with"
                + " the model's own");
      }
    }
    try (PtNDArray frequencies = script.floats(angles)) {
      script.run("rotate_by", frequencies, rope.scaling().attentionFactor());
    }
  }

  private static void put(Script script, Checkpoint checkpoint, TensorSpec tensor) {
    PtNDArray[] parts =
        checkpoint.data(tensor).stream().map(script::bytes).toArray(PtNDArray[]::new);
    try {
      int type = checkpoint.type(tensor).scalarType();
      String method = HybridLayers.isExponent(tensor.name()) ? "put_exponent" : "put";
      if (!script.test(method, tensor.name(), parts, type, tensor.dimensions())) {
        throw new BadModelException(
            "%s: tensor %s holds NaN or infinite values: download the weights again"
                .formatted(checkpoint.directory(), tensor.name()));
      }
    } finally {
      Script.closeAll(parts);
    }
  }

  /** Brings the weights of a hybrid model into the form that the script computes with. */
  private static void prepare(Script script, ModelConfig config, HybridLayers hybrid) {
    Experts experts = hybrid.experts();
    int routed = experts == null ? 0 : experts.perToken() * (experts.normalised() ? 1 : -1);
    script.run("configure_hybrid", config.layers(), hybrid.keyHeads(), routed);
    for (TensorSpec tensor : config.tensors()) {
      if (HybridLayers.isCentred(tensor.name())) {
        script.run("centre", tensor.name());
      }
    }
    for (int layer = 0; hybrid.fusedInput() && layer < config.layers(); layer++) {
      if (hybrid.linear().get(layer)) {
        script.run("split", "model.layers." + layer + ".linear_attn.", hybrid.keyDim());
      }
    }
  }

  private static String device(String wanted) {
    int gpus = Engine.getEngine("PyTorch").getGpuCount();
    if (wanted.equals("cpu") || (wanted.equals("auto") && gpus == 0)) {
      return "cpu";
    }
    if (wanted.equals("auto")) {
      return "cuda:0";
    }
    if (!wanted.matches("cuda:\\d{1,3}") || Integer.parseInt(wanted.substring(5)) >= gpus) {
      throw new BadModelException(
          "membrane.worker.device is '%s', the engine sees %d GPUs: write auto, cpu%s"
              .formatted(wanted, gpus, gpus > 0 ? " or cuda:0 to cuda:" + (gpus - 1) : ""));
    }
    return wanted;
  }

  /**
   * Begins to prefill a prompt.
   *
   * @param tokens the prompt, at least 1 token, each below the vocabulary's size
   * @param prefix payloads of the leading blocks in {@link #layout}, in order; read before this
   *     returns
   * @param blockTokens tokens in each of them
   */
  public Prefill begin(Tokens tokens, List<byte[]> prefix, int blockTokens) {
    return begin(tokens, prefix, blockTokens, false);
  }

  /**
   * Begins to prefill a prompt.
   *
   * @param embeds whether embeddings of the blocks behind the prefix are wanted
   */
  public Prefill begin(Tokens tokens, List<byte[]> prefix, int blockTokens, boolean embeds) {
    return begin(tokens, prefix, null, blockTokens, embeds);
  }

  /**
   * Begins to prefill a prompt.
   *
   * @param state snapshot behind the last block of {@code prefix}, in {@link #stateLayout}: needed
   *     by a hybrid model, and null for every other and behind no block
   */
  public Prefill begin(
      Tokens tokens,
      List<byte[]> prefix,
      byte @Nullable [] state,
      int blockTokens,
      boolean embeds) {
    // The optimizer recompiles by shape: slow first calls, and other rounding in later ones.
    JniUtils.setGraphExecutorOptimize(false);
    RecurrentState recurrent =
        stateLayout == null
            ? null
            : new RecurrentState(
                script,
                stateLayout,
                snapshotRule,
                blockTokens,
                prefix.size(),
                tokens.length() / blockTokens,
                state);
    try {
      return new Prefill(
          script, layout, chunkTokens, tokens, prefix, blockTokens, embeds, recurrent);
    } catch (RuntimeException e) {
      if (recurrent != null) {
        recurrent.close();
      }
      throw e;
    }
  }

  /** How snapshots of the linear layers lie in memory; null where the model has none. */
  public @Nullable StateLayout stateLayout() {
    return stateLayout;
  }

  /** Tokens of the chunk of a prompt of one block that follows {@code done} tokens of it. */
  public int chunkAfter(int done, int length) {
    return Prefill.chunk(done, length, chunkTokens);
  }

  /**
   * Tokens of the chunk of a prompt that follows {@code done} tokens of it; that of a hybrid model
   * ends where a snapshot is due.
   *
   * @param reused leading blocks that the prefill begins with
   */
  public int chunkAfter(int reused, int blockTokens, int done, int length) {
    int chunk = Prefill.chunk(done, length, chunkTokens);
    if (stateLayout == null) {
      return chunk;
    }
    int end = snapshotRule.nextEnd(reused, done, length / blockTokens, blockTokens);
    return Math.min(chunk, end - done);
  }

  /**
   * Begins to prefill a prompt of which some blocks are reused from other places; not of a hybrid
   * model, whose states know every token before them.
   *
   * @param tokens as in {@link #begin(Tokens, List, int)}, as are the next two
   * @param blocks behind the prefix, ascending, without overlap; read before this returns
   */
  public ShiftedPrefill beginShifted(
      Tokens tokens, List<byte[]> prefix, int blockTokens, List<MovedBlock> blocks) {
    JniUtils.setGraphExecutorOptimize(false);
    return new ShiftedPrefill(script, layout, chunkTokens, tokens, prefix, blockTokens, blocks);
  }

  public KvLayout layout() {
    return layout;
  }

  /** Where it computes: {@code cpu} or {@code cuda:N}. */
  public String device() {
    return device;
  }

  public int vocabSize() {
    return config.vocabSize();
  }

  /** Whether a token stands for an image or a video, which is not computed here. */
  public boolean isPlaceholder(long token) {
    return config.placeholders().contains((int) token);
  }

  /** Dimensions of a hidden state. */
  public int hiddenSize() {
    return config.hiddenSize();
  }

  public Rope rope() {
    return config.rope();
  }

  /** Longest prompt in tokens whose KV depends on nothing but the prefix. */
  public int positionLimit() {
    return config.rope().scaling().positionLimit(config.maxPositions());
  }

  @Override
  public void close() {
    script.close();
  }
}
