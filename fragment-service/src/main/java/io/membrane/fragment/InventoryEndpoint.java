package io.membrane.fragment;

import io.membrane.block.FragmentKey;
import io.membrane.fragment.inventory.Held;
import io.membrane.fragment.inventory.Inventory;
import io.membrane.fragment.inventory.InventoryDigest;
import io.membrane.fragment.store.FragmentStore;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** What is stored in the caller's domain, to be compared with what is stored elsewhere. */
@RestController
final class InventoryEndpoint {

  private static final String PATH = "/v1/inventory";
  private static final Pattern BUCKET = Pattern.compile("[0-9a-f]{2}");

  /** What a question with answers of 1 MiB may have. */
  private static final int MOST_QUESTION_BYTES = (2 << 20) + 4096;

  /** Questions that are answered at a time; each holds itself and its answer. */
  private static final int MOST_QUESTIONS = 8;

  private final FragmentStore store;
  private final Semaphore free = new Semaphore(MOST_QUESTIONS);

  InventoryEndpoint(FragmentStore store) {
    this.store = store;
  }

  /**
   * What a domain holds.
   *
   * @param keys how many fragments
   * @param digest equal on two sides if, and only if, they hold equal bytes under equal keys
   * @param buckets those that hold something
   */
  record Overview(long keys, String digest, List<Bucket> buckets) {}

  /**
   * The fragments whose keys have a SHA-256 that begins with a byte.
   *
   * @param prefix the byte, two hex digits
   */
  record Bucket(String prefix, long keys, String digest) {}

  /**
   * Fragments of a bucket.
   *
   * @param next what to write as {@code after} for those that follow; null: there are none
   */
  record BucketPage(List<Held> keys, @Nullable FragmentKey next) {}

  @Operation(
      summary = "What is stored, as digests; with a bucket, its keys",
      description =
          "Without a bucket: count and digest of all, and of each bucket that holds something. "
              + "With ?bucket=ab: its keys with their digests, 512 at a time; go on with &after=")
  @GetMapping(path = PATH, params = "!bucket")
  Overview overview() {
    Inventory inventory = inventory();
    List<Bucket> buckets = new ArrayList<>();
    List<InventoryDigest> digests = inventory.buckets();
    for (int i = 0; i < digests.size(); i++) {
      InventoryDigest digest = digests.get(i);
      if (digest.count() > 0) {
        buckets.add(
            new Bucket(HexFormat.of().toHexDigits((byte) i), digest.count(), digest.sha256()));
      }
    }
    InventoryDigest all = inventory.digest();
    return new Overview(all.count(), all.sha256(), buckets);
  }

  @Operation(summary = "The keys of a bucket")
  @GetMapping(path = PATH, params = "bucket")
  BucketPage keys(@RequestParam String bucket, @RequestParam @Nullable String after) {
    if (!BUCKET.matcher(bucket).matches()) {
      throw malformed("a bucket is two lower-case hex digits, 00 to ff", null);
    }
    List<Held> keys = inventory().keys(HexFormat.fromHexDigits(bucket), key(after));
    boolean isLast = keys.size() < Inventory.pageSize();
    return new BucketPage(keys, isLast ? null : keys.getLast().key());
  }

  @Operation(
      summary = "Answer a question of a comparison",
      description = "A step of a reconciliation; docs/internals/inventory.md has the messages",
      requestBody =
          @RequestBody(
              required = true,
              content =
                  @Content(
                      mediaType = MediaType.APPLICATION_OCTET_STREAM_VALUE,
                      schema = @Schema(type = "string", format = "binary"))))
  @PostMapping(
      path = PATH,
      consumes = MediaType.APPLICATION_OCTET_STREAM_VALUE,
      produces = MediaType.APPLICATION_OCTET_STREAM_VALUE)
  byte[] answer(HttpServletRequest request) throws IOException {
    if (!free.tryAcquire()) {
      throw new MembraneException(
          ErrorCode.OVERLOADED, "enough inventories are being compared; try again later");
    }
    try {
      byte[] question = question(request);
      Inventory inventory = inventory();
      try {
        return inventory.answer(question);
      } catch (IllegalArgumentException e) {
        throw malformed("no question: " + e.getMessage(), e);
      }
    } finally {
      free.release();
    }
  }

  private static byte[] question(HttpServletRequest request) throws IOException {
    byte[] question = new byte[0];
    if (request.getContentLengthLong() <= MOST_QUESTION_BYTES) {
      try {
        question = request.getInputStream().readNBytes(MOST_QUESTION_BYTES + 1);
      } catch (IOException e) {
        throw malformed("the question broke off; send it again", e);
      }
    }
    if (question.length > MOST_QUESTION_BYTES
        || request.getContentLengthLong() > MOST_QUESTION_BYTES) {
      throw new MembraneException(
          ErrorCode.TOO_LARGE,
          "a question has at most " + MOST_QUESTION_BYTES + " bytes; ask for less at a time");
    }
    return question;
  }

  private Inventory inventory() {
    return store.inventories().of(store.tenants().domain(CallContext.tenantOfCall()));
  }

  private static @Nullable FragmentKey key(@Nullable String after) {
    try {
      return after == null ? null : FragmentKey.parse(after);
    } catch (IllegalArgumentException e) {
      throw malformed("after: " + e.getMessage(), e);
    }
  }

  private static MembraneException malformed(String detail, @Nullable Throwable cause) {
    return new MembraneException(ErrorCode.MALFORMED_REQUEST, detail, cause);
  }
}
