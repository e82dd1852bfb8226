package io.membrane.directory.snapshot;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.membrane.directory.location.BlockDecoder;
import io.membrane.directory.location.BlockEncoder;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A snapshot as a file.
 *
 * <pre>
 *  file    "MBSNAP" | version u16 = 1 | frame … | end
 *  frame   length u32, not 0 | CRC-32C of the content u32 | content
 *  end     0 u32 | blocks u64 | SHA-256 of all before
 * </pre>
 *
 * The first frame is a {@link Standing}, as {@link StandingCodec} draws it, the others are the
 * pieces of {@link BlockEncoder}. All numbers are big-endian. Nothing follows the end.
 */
final class SnapshotFile {

  private static final byte[] MAGIC = "MBSNAP".getBytes(US_ASCII);
  private static final int VERSION = 1;
  private static final int PIECE_BYTES = 256 << 10;
  private static final int SHA_BYTES = 32;

  private SnapshotFile() {}

  /**
   * Writes a snapshot into an existing file and waits until the disk has it.
   *
   * @return its bytes
   */
  static long write(Path file, Standing standing, BlockEncoder blocks) throws IOException {
    try (FileChannel channel = FileChannel.open(file, WRITE)) {
      MessageDigest sha = sha256();
      DataOutputStream out =
          new DataOutputStream(new DigestOutputStream(Channels.newOutputStream(channel), sha));
      out.write(MAGIC);
      out.writeShort(VERSION);
      writeFrame(out, StandingCodec.encode(standing));
      for (byte[] piece = blocks.next(PIECE_BYTES);
          piece != null;
          piece = blocks.next(PIECE_BYTES)) {
        writeFrame(out, piece);
      }
      out.writeInt(0);
      out.writeLong(blocks.blocks());
      out.write(sha.digest());
      channel.force(true);
      return channel.size();
    }
  }

  private static void writeFrame(DataOutputStream out, byte[] content) throws IOException {
    out.writeInt(content.length);
    out.writeInt(crc(content));
    out.write(content);
  }

  /**
   * Reads what a file says of itself; the rest of it is not looked at.
   *
   * @throws IOException if it is no snapshot of this version, or cannot be read
   */
  static Standing readStanding(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, READ)) {
      return readStanding(new DataInputStream(Channels.newInputStream(channel)), channel.size());
    }
  }

  /**
   * Reads a whole file, and puts it in the image's place if all of it is right.
   *
   * @throws IOException if it is no snapshot of this version, is damaged, or cannot be read
   */
  static Standing read(Path file, BlockDecoder into) throws IOException {
    try (FileChannel channel = FileChannel.open(file, READ)) {
      long size = channel.size();
      MessageDigest sha = sha256();
      DataInputStream in =
          new DataInputStream(
              new DigestInputStream(
                  new BufferedInputStream(Channels.newInputStream(channel), PIECE_BYTES), sha));
      Standing standing = readStanding(in, size);
      for (int length = in.readInt(); length != 0; length = in.readInt()) {
        into.take(readFrame(in, length, size));
      }
      long blocks = in.readLong();
      byte[] expected = sha.digest();
      byte[] found = new byte[SHA_BYTES];
      in.readFully(found);
      if (!Arrays.equals(found, expected) || in.read() >= 0 || blocks != into.blocks()) {
        throw new IOException("its sum is wrong");
      }
      into.finish(standing.progress());
      return standing;
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new IOException("what it says cannot be: " + e.getMessage(), e);
    }
  }

  private static Standing readStanding(DataInputStream in, long size) throws IOException {
    byte[] magic = new byte[MAGIC.length];
    in.readFully(magic);
    if (!Arrays.equals(magic, MAGIC)) {
      throw new IOException("it is no snapshot");
    }
    int version = in.readUnsignedShort();
    if (version != VERSION) {
      throw new IOException("it has the unknown version " + version);
    }
    return StandingCodec.decode(readFrame(in, in.readInt(), size));
  }

  private static byte[] readFrame(DataInputStream in, int length, long size) throws IOException {
    if (length < 0 || length > size) {
      throw new EOFException("it ends too early");
    }
    int crc = in.readInt();
    byte[] content = new byte[length];
    in.readFully(content);
    if (crc(content) != crc) {
      throw new IOException("it is damaged");
    }
    return content;
  }

  private static int crc(byte[] content) {
    CRC32C crc = new CRC32C();
    crc.update(content);
    return (int) crc.getValue();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
