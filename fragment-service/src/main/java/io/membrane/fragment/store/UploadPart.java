package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;

/**
 * A part of an upload as the upload's record lists it.
 *
 * @param name under which it lies in Redis
 */
record UploadPart(String name, long bytes, ContentDigest digest) {

  static UploadPart parse(String text) {
    String[] fields = text.split(" ", -1);
    return new UploadPart(fields[0], Long.parseLong(fields[1]), new ContentDigest(fields[2]));
  }

  /** {@code <name> <bytes> <digest>}. */
  @Override
  public String toString() {
    return name + " " + bytes + " " + digest.hex();
  }
}
