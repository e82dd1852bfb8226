package io.membrane.worker.prefill;

import ai.djl.engine.Engine;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.membrane.block.Tokens;
import io.membrane.worker.checkpoint.BadModelException;
import io.membrane.worker.checkpoint.Checkpoint;
import io.membrane.worker.checkpoint.ElementType;
import io.membrane.worker.checkpoint.ModelConfig;
import io.membrane.worker.checkpoint.Rope;
import io.membrane.worker.checkpoint.TensorSpec;
import java.util.List;
import java.util.Optional;

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
  private final int chunkTokens;

  private PrefillModel(
      Script script, ModelConfig config, KvLayout layout, String device, int chunkTokens) {
    this.script = script;
    this.config = config;
    this.layout = layout;
    this.device = device;
    this.chunkTokens = chunkTokens;
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
          config.layers(),
          config.heads(),
          config.kvHeads(),
          config.headDim(),
          config.normEpsilon());
      rotate(script, config.rope());
      for (TensorSpec tensor : config.tensors()) {
        put(script, checkpoint, tensor);
      }
    } catch (RuntimeException e) {
      script.close();
      throw e;
    }
    return new PrefillModel(script, config, layout, device, options.chunkTokens());
  }

  private static void rotate(Script script, Rope rope) {
    float[] wavelengths = script.floats(script.call("wavelengths", rope.base(), rope.dimensions()));
    try (PtNDArray frequencies = script.floats(rope.frequencies(wavelengths))) {
      script.run("rotate_by", frequencies, rope.scaling().attentionFactor());
    }
  }

  private static void put(Script script, Checkpoint checkpoint, TensorSpec tensor) {
    PtNDArray[] parts =
        checkpoint.data(tensor).stream().map(script::bytes).toArray(PtNDArray[]::new);
    try {
      int type = checkpoint.type(tensor).scalarType();
      script.run("put", tensor.name(), parts, type, tensor.dimensions());
    } finally {
      Script.closeAll(parts);
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
    // The optimizer recompiles by shape: slow first calls, and other rounding in later ones.
    JniUtils.setGraphExecutorOptimize(false);
    return new Prefill(script, layout, chunkTokens, tokens, prefix, blockTokens, embeds);
  }

  /** Tokens of the chunk of a prompt that follows {@code done} tokens of it. */
  public int chunkAfter(int done, int length) {
    return Prefill.chunk(done, length, chunkTokens);
  }

  /**
   * Begins to prefill a prompt of which some blocks are reused from other places.
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
