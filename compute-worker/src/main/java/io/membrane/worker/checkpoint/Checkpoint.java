package io.membrane.worker.checkpoint;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An opened model directory: its configuration, and its weights mapped into memory. Opening checks
 * that every tensor is there in the right shape and in a type that the worker computes with.
 *
 * <p>Buffers handed out die with {@link #close}. Safe for concurrent reads.
 */
public final class Checkpoint implements AutoCloseable {

  /** Larger tensors are handed out in parts, since a ByteBuffer ends at 2 GiB. */
  private static final long MAX_PART = 1L << 30;

  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private final Path directory;
  private final ModelConfig config;
  private final Arena arena;
  private final Map<String, Safetensors> homes;
  private final TensorNames names;

  private Checkpoint(
      Path directory, ModelConfig config, Arena arena, Map<String, Safetensors> homes) {
    this.directory = directory;
    this.arena = arena;
    this.homes = homes;
    this.names = config.isNested() ? TensorNames.among(homes.keySet()) : TensorNames.ALONE;
    // What such a model says of its embedding is often a default that its weights contradict.
    boolean hasHead = config.isNested() && homes.containsKey(names.of(HEAD));
    this.config = hasHead ? config.withHead() : config;
  }

  /**
   * Opens a directory.
   *
   * @throws BadModelException if anything in it is missing, malformed or not served
   */
  public static Checkpoint open(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new BadModelException(
          directory + " is not a directory: point membrane.worker.model at a model directory");
    }
    ModelConfig config = ConfigReader.read(JsonFile.read(directory.resolve("config.json")));
    Arena arena = Arena.ofShared();
    try {
      Map<String, Safetensors> homes = homes(directory, arena);
      Checkpoint checkpoint = new Checkpoint(directory, config, arena, homes);
      checkpoint.config().tensors().forEach(checkpoint::type);
      checkpoint.requireOneHead();
      return checkpoint;
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** Some readers of such weights take the head, others the embedding. */
  private void requireOneHead() {
    TensorSpec head = new TensorSpec(HEAD, config.vocabSize(), config.hiddenSize());
    TensorSpec embedding = new TensorSpec(EMBEDDING, config.vocabSize(), config.hiddenSize());
    if (config.tiedHead()
        && homes.containsKey(names.of(HEAD))
        && tensor(head).data().mismatch(tensor(embedding).data()) >= 0) {
      throw new BadModelException(
          "%s: tie_word_embeddings is true, but %s is not %s: set it to false to use that head, or remove the head"
              .formatted(directory, names.of(HEAD), names.of(EMBEDDING)));
    }
  }

  public Path directory() {
    return directory;
  }

  public ModelConfig config() {
    return config;
  }

  /** Type of the embedding, which stands for the model's. */
  public ElementType weightType() {
    return type(new TensorSpec(EMBEDDING, config.vocabSize(), config.hiddenSize()));
  }

  /**
   * Type of a tensor.
   *
   * @throws BadModelException if it is missing, of another shape, or of a type not served
   */
  public ElementType type(TensorSpec spec) {
    Safetensors home = home(spec);
    Safetensors.Tensor tensor = tensor(spec);
    if (!tensor.shape().equals(spec.shape())) {
      throw new BadModelException(
          "%s: tensor %s has shape %s, config.json wants %s"
              .formatted(home.path(), names.of(spec.name()), tensor.shape(), spec.shape()));
    }
    ElementType type =
        ElementType.ofSafetensors(tensor.dtype())
            .orElseThrow(() ->
                new BadModelException(
                    "%s: tensor %s is %s; F32, BF16 and F16 are served"
                        .formatted(home.path(), names.of(spec.name()), tensor.dtype())));
    long wanted =
        spec.shape().stream().reduce((long) type.bytes(), (a, b) -> Math.multiplyExact(a, b));
    if (tensor.data().byteSize() != wanted) {
      throw new BadModelException(
          "%s: tensor %s has %d bytes, its shape and type need %d"
              .formatted(home.path(), names.of(spec.name()), tensor.data().byteSize(), wanted));
    }
    return type;
  }

  private Safetensors home(TensorSpec spec) {
    Safetensors home = homes.get(names.of(spec.name()));
    if (home == null) {
      throw missing(directory, names.of(spec.name()));
    }
    return home;
  }

  private Safetensors.Tensor tensor(TensorSpec spec) {
    Safetensors home = home(spec);
    Safetensors.Tensor tensor = home.tensors().get(names.of(spec.name()));
    if (tensor == null) {
      throw missing(home.path(), names.of(spec.name()));
    }
    return tensor;
  }

  private static BadModelException missing(Path where, String tensor) {
    return new BadModelException(
        "%s: tensor %s is missing: the weights do not belong to this config.json"
            .formatted(where, tensor));
  }

  /** Bytes of a tensor that {@link #type} accepts, as direct buffers in order. */
  public List<ByteBuffer> data(TensorSpec spec) {
    MemorySegment bytes = tensor(spec).data();
    List<ByteBuffer> parts = new ArrayList<>();
    for (long at = 0; at < bytes.byteSize(); at += MAX_PART) {
      parts.add(bytes.asSlice(at, Math.min(MAX_PART, bytes.byteSize() - at)).asByteBuffer());
    }
    return parts;
  }

  /**
   * A name for exactly these weights: the start of the SHA-256 over {@code config.json} and the
   * weight files, in the order of their names. Reads every byte.
   */
  public String digest() {
    return WeightsDigest.of(
        directory.resolve("config.json"), homes.values().stream().distinct().toList());
  }

  private static Map<String, Safetensors> homes(Path directory, Arena arena) {
    Path single = directory.resolve(SINGLE);
    Path index = directory.resolve(INDEX);
    Map<String, Safetensors> homes = new TreeMap<>();
    if (Files.exists(single)) {
      Safetensors file = Safetensors.map(single, arena);
      file.tensors().keySet().forEach(name -> homes.put(name, file));
    } else if (Files.exists(index)) {
      Map<String, Safetensors> shards = new TreeMap<>();
      JsonFile.read(index)
          .object("weight_map")
          .root()
          .forEachEntry((tensor, shard) ->
              homes.put(
                  tensor,
                  shards.computeIfAbsent(
                      shardName(index, shard.isString() ? shard.stringValue() : shard.toString()),
                      name -> Safetensors.map(directory.resolve(name), arena))));
    } else {
      throw new BadModelException(
          "%s has neither %s nor %s: only safetensors weights are read"
              .formatted(directory, SINGLE, INDEX));
    }
    return homes;
  }

  private static String shardName(Path index, String name) {
    if (!name.matches("[^/\\\\\\x00]+\\.safetensors")) {
      throw new BadModelException(
          index + ": a shard is a .safetensors file beside the index, not '" + name + "'");
    }
    return name;
  }

  @Override
  public void close() {
    arena.close();
  }
}
