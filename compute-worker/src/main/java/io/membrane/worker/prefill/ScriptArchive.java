package io.membrane.worker.prefill;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
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

  private static final String CODE = "Prefill.torchscript";

  private ScriptArchive() {}

  static byte[] write() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes);
        InputStream code = ScriptArchive.class.getResourceAsStream(CODE)) {
      if (code == null) {
        throw new IllegalStateException(CODE + " is missing in the jar");
      }
      add(zip, "data.pkl", module());
      add(zip, "code/__torch__.py", code.readAllBytes());
      add(zip, "constants.pkl", new Pickle().emptyTuple().end());
      add(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
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
