package io.membrane.reconstruction.execute;

import io.membrane.wire.DirectoryClient.Found;
import io.membrane.wire.ReconstructionClient.ApproximateReport;
import java.util.List;
import java.util.Map;

/**
 * What is known of blocks that are similar to a prompt's.
 *
 * @param blocks of the prompt that were looked for
 * @param embeddings one for each of them; empty if there are none
 * @param found by block of the prompt, the most similar first
 * @param report for the caller
 */
record Similar(
    List<Integer> blocks,
    List<float[]> embeddings,
    Map<Integer, List<Found>> found,
    ApproximateReport report) {}
