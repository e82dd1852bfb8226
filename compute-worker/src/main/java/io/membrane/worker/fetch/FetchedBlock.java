package io.membrane.worker.fetch;

import io.membrane.block.ContentDigest;

/**
 * A block that arrived whole.
 *
 * @param index in its prompt
 * @param bytes not copied; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
public record FetchedBlock(int index, byte[] bytes, ContentDigest digest) {}
