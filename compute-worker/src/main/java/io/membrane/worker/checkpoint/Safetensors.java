package io.membrane.worker.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * A mapped safetensors file.
 *
 * <pre>
 *  0          8                      8+n
 *  +----------+----------------------+-----------------------------------+
 *  | n: u64 LE| header: JSON, n bytes| data: the tensors, without gaps   |
 *  +----------+----------------------+-----------------------------------+
 *  header: {"name": {"dtype": "BF16", "shape": [..], "data_offsets": [from, to]}, .., "__metadata__": {..}}
 *  offsets count from the start of data
 * </pre>
 *
 * Valid as long as the arena it was mapped in is open; safe for concurrent reads.
 */
final class Safetensors {

  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The limit of the reference implementation. */
  private static final long MAX_HEADER = 100_000_000;

  /** One tensor; {@code data} are its bytes, little-endian, row-major. */
  record Tensor(String dtype, List<Long> shape, MemorySegment data) {}

  private final Path path;
  private final MemorySegment file;
  private final Map<String, Tensor> tensors;

  private Safetensors(Path path, MemorySegment file, Map<String, Tensor> tensors) {
    this.path = path;
    this.file = file;
    this.tensors = tensors;
  }

  static Safetensors map(Path path, Arena arena) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment file = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      return new Safetensors(path, file, new Safetensors(path, file, Map.of()).parse());
    } catch (IOException e) {
      throw new BadModelException(path + " cannot be read: is every shard downloaded?", e);
    }
  }

  Path path() {
    return path;
  }

  /** The whole file. */
  MemorySegment bytes() {
    return file;
  }

  Map<String, Tensor> tensors() {
    return tensors;
  }

  private Map<String, Tensor> parse() {
    long size = file.byteSize();
    if (size < Long.BYTES) {
      throw bad("it has " + size + " bytes, too few for a header");
    }
    long header = file.get(LENGTH, 0);
    if (header < 2 || header > MAX_HEADER || header > size - Long.BYTES) {
      throw bad("its header claims %d bytes, the file has %d".formatted(header, size));
    }
    MemorySegment data = file.asSlice(Long.BYTES + header);
    byte[] json = file.asSlice(Long.BYTES, header).toArray(ValueLayout.JAVA_BYTE);
    List<Entry> entries = new ArrayList<>();
    JsonFile.parse(path + ", header", json)
        .root()
        .forEachEntry((name, node) -> {
          if (!name.equals("__metadata__")) {
            entries.add(entry(name, node));
          }
        });
    entries.sort(Comparator.comparingLong(Entry::from).thenComparingLong(Entry::to));
    Map<String, Tensor> found = new HashMap<>();
    long end = 0;
    for (Entry entry : entries) {
      if (entry.from() != end || entry.to() < entry.from() || entry.to() > data.byteSize()) {
        throw bad(
            "the bytes of %s are %d to %d, but the tensor before it ends at %d and the data has %d"
                .formatted(entry.name(), entry.from(), entry.to(), end, data.byteSize()));
      }
      end = entry.to();
      MemorySegment bytes = data.asSlice(entry.from(), entry.to() - entry.from());
      found.put(entry.name(), new Tensor(entry.dtype(), entry.shape(), bytes));
    }
    if (end != data.byteSize()) {
      throw bad("its tensors end at byte %d of %d".formatted(end, data.byteSize()));
    }
    return Map.copyOf(found);
  }

  private record Entry(String name, String dtype, List<Long> shape, long from, long to) {}

  private Entry entry(String name, JsonNode node) {
    JsonNode offsets = node.path("data_offsets");
    if (!node.path("dtype").isString()
        || !node.path("shape").isArray()
        || !offsets.isArray()
        || offsets.size() != 2) {
      throw bad("the header's entry for " + name + " needs dtype, shape and two data_offsets");
    }
    List<Long> shape = new ArrayList<>();
    node.path("shape").forEach(axis -> shape.add(whole(name, axis)));
    return new Entry(
        name,
        node.path("dtype").stringValue(),
        List.copyOf(shape),
        whole(name, offsets.get(0)),
        whole(name, offsets.get(1)));
  }

  private long whole(String name, JsonNode number) {
    if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
      throw bad("the header's entry for " + name + " has a number that is not a size");
    }
    return number.longValue();
  }

  private BadModelException bad(String what) {
    return new BadModelException(
        path + " is not a whole safetensors file, download it again: " + what);
  }
}
