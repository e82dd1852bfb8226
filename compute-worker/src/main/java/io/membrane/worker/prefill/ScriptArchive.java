package io.membrane.worker.prefill;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes the TorchScript archive that the engine loads: an uncompressed zip of
 *
 * <pre>
 *  prefill/data.pkl              the module object and its attributes ({@link Pickle})
 *  prefill/code/__torch__.py     its code
 *  prefill/constants.pkl         an empty tuple
 *  prefill/version               3
 * </pre>
 */
final class ScriptArchive {

  /** Its class, and more of its methods. */
  private static final List<String> CODE =
      List.of("Prefill.torchscript", "Shifted.torchscript", "Hybrid.torchscript");

  private ScriptArchive() {}

  static byte[] write() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      add(zip, "data.pkl", module());
      add(zip, "code/__torch__.py", code());
      add(zip, "constants.pkl", new Pickle().emptyTuple().end());
      add(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] code() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String name : CODE) {
      try (InputStream part = ScriptArchive.class.getResourceAsStream(name)) {
        if (part == null) {
          throw new IllegalStateException(name + " is missing in the jar");
        }
        part.transferTo(all);
        all.write('\n');
      }
    }
    return all.toByteArray();
  }

  private static byte[] module() {
    return new Pickle()
        .beginObject("__torch__", "Prefill")
        .text("training")
        .flag(false)
        .text("weights")
        .emptyDict("Dict[str, Tensor]")
        .text("device")
        .text("cpu")
        .text("compute")
        .zero()
        .text("kv")
        .zero()
        .text("layers")
        .zero()
        .text("heads")
        .zero()
        .text("kv_heads")
        .zero()
        .text("head_dim")
        .zero()
        .text("eps")
        .number(0)
        .text("rope_scale")
        .number(1)
        .text("depth")
        .zero()
        .text("key_heads")
        .zero()
        .text("experts")
        .zero()
        .endObject()
        .end();
  }

  private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry("prefill/" + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
