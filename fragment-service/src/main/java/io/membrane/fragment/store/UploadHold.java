package io.membrane.fragment.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.List;

/**
 * The right of one request to write an upload. Whoever asks for the upload after it, on whichever
 * replica, takes the right away: then the request ends at its next step.
 *
 * @param writer token of the request, which no other has
 */
record UploadHold(String id, String writer) {

  /** What {@code complete.lua} takes behind the arguments of a put. */
  List<byte[]> arguments() {
    String keptMs = Long.toString(ResumableUploads.ANSWER_KEPT.toMillis());
    return List.of(id.getBytes(UTF_8), writer.getBytes(UTF_8), keptMs.getBytes(UTF_8));
  }

  /** Name of the part that this request writes at an offset; nobody else writes it. */
  String partAt(long offset) {
    return offset + "." + writer;
  }

  static MembraneException taken() {
    return new MembraneException(
        ErrorCode.UPLOAD_OFFSET_MISMATCH,
        "another request continues this upload, or it has ended; ask for its offset (HEAD)");
  }
}
