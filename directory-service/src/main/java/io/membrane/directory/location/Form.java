package io.membrane.directory.location;

import io.membrane.block.Slice;

/** What a location holds of its block: a slice, in so many bytes. */
record Form(Slice slice, long bytes) {}
