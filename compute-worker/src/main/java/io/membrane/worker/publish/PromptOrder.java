package io.membrane.worker.publish;

import io.membrane.worker.fetch.PrefixStream;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done with a prompt.
 *
 * @param asked leading blocks that are fetched
 * @param fetch how
 * @param nextToken whether the next token is wanted
 * @param embeds whether embeddings are
 * @param tail what is wanted of the tokens behind the last full block; null for nothing
 */
record PromptOrder(
    Prompt prompt, int asked, Fetch fetch, boolean nextToken, boolean embeds, @Nullable Tail tail) {

  /** How a prefix is fetched. */
  sealed interface Fetch {

    /**
     * Block by block, while its front may be computed.
     *
     * @param begin begins to fetch
     * @param computeAfter how long a fetch takes at least before what it brings is computed
     */
    record Streamed(Supplier<PrefixStream> begin, Duration computeAfter) implements Fetch {}

    /**
     * As a whole, before the first chunk.
     *
     * @param fetch what there is of it
     * @param news to be told that it is there
     */
    record Whole(Supplier<Reused> fetch, Runnable news) implements Fetch {}
  }
}
