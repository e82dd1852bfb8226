package io.membrane.directory.engine.wire;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Messages of a publisher as {@code engine-captures/record.py} recorded them. */
public final class Capture {

  /** All that there are: arrays and maps, numbers and digests. */
  public static final List<String> PUBLISHERS =
      List.of(
          "vllm-0.11.0",
          "vllm-0.26.0",
          "vllm-0.33.0",
          "vllm-0.33.0-bytes",
          "sglang-0.5.3",
          "sglang-0.5.23");

  private Capture() {}

  /** Messages of the PUB socket, each topic, sequence, payload. */
  public static List<List<byte[]>> live(String publisher) {
    return read(publisher + ".live.bin");
  }

  /** Messages of the replay: an empty frame, the topic in newer versions, sequence, payload. */
  public static List<List<byte[]>> replay(String publisher) {
    return read(publisher + ".replay.bin");
  }

  /** What was said. */
  public static List<byte[]> payloads(String publisher) {
    return live(publisher).stream().map(List::getLast).toList();
  }

  private static List<List<byte[]>> read(String file) {
    try (DataInputStream in =
        new DataInputStream(
            Objects.requireNonNull(
                Capture.class.getResourceAsStream("/engine-captures/" + file)))) {
      List<List<byte[]>> messages = new ArrayList<>();
      for (int frames = in.read(); frames >= 0; frames = in.read()) {
        List<byte[]> message = new ArrayList<>();
        for (int i = 0; i < frames; i++) {
          message.add(in.readNBytes(in.readInt()));
        }
        messages.add(message);
      }
      return messages;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
