package io.membrane.fragment.inventory;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;

/** A key that a node holds, and which bytes it holds under it. */
public record Held(FragmentKey key, ContentDigest digest) {}
