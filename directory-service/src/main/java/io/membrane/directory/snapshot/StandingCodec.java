package io.membrane.directory.snapshot;

import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.wire.LogPosition;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@link Standing} as bytes.
 *
 * <pre>
 *  standing   life | position | Unix ms u64 | log bytes u64 | entries lost u8 | n u32 | source …
 *  source     cluster | node | domain | epoch i64 | next sequence i64 | heard at: position | doubted u8
 *  position   ms u64 | seq u64
 * </pre>
 *
 * Texts are modified UTF-8 after their length u16, numbers big-endian, u8 is 0 or 1.
 */
final class StandingCodec {

  private StandingCodec() {}

  static byte[] encode(Standing standing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(standing.life());
      write(out, standing.position());
      out.writeLong(standing.unixMs());
      out.writeLong(standing.logBytes());
      out.writeBoolean(standing.entriesLost());
      out.writeInt(standing.numbering().size());
      for (Standing.Numbering each : standing.numbering()) {
        out.writeUTF(each.source().cluster());
        out.writeUTF(each.source().node());
        out.writeUTF(each.source().domain());
        out.writeLong(each.progress().epoch());
        out.writeLong(each.progress().nextSequence());
        write(out, each.heardAt());
        out.writeBoolean(each.isDoubted());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, LogPosition position) throws IOException {
    out.writeLong(position.ms());
    out.writeLong(position.seq());
  }

  /** Fails with an {@link IOException} if the bytes are no standing. */
  static Standing decode(byte[] bytes) throws IOException {
    ByteArrayInputStream rest = new ByteArrayInputStream(bytes);
    DataInputStream in = new DataInputStream(rest);
    try {
      String life = in.readUTF();
      LogPosition position = position(in);
      long unixMs = in.readLong();
      long logBytes = in.readLong();
      boolean entriesLost = in.readBoolean();
      List<Standing.Numbering> numbering = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        numbering.add(
            new Standing.Numbering(
                new Source(in.readUTF(), in.readUTF(), in.readUTF()),
                new NodeProgress(in.readLong(), in.readLong()),
                position(in),
                in.readBoolean()));
      }
      if (rest.available() > 0) {
        throw new IOException("what it says of itself goes on after its end");
      }
      return new Standing(life, position, unixMs, logBytes, entriesLost, numbering);
    } catch (IllegalArgumentException e) {
      throw new IOException("what it says of itself cannot be: " + e.getMessage(), e);
    }
  }

  private static LogPosition position(DataInputStream in) throws IOException {
    return new LogPosition(in.readLong(), in.readLong());
  }
}
