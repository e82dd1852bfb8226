/**
 * The throughput model of arXiv:2604.15039v2, section 3.4: what a fleet sustains, from profiles of
 * its hardware, the lengths of its prompts, and its links.
 */
@NullMarked
package io.membrane.scheduler.throughput;

import org.jspecify.annotations.NullMarked;
