package io.membrane.reconstruction.execute;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.block.TokenSpan;
import io.membrane.wire.ComputeClient;
import io.membrane.wire.FragmentClient.FragmentMeta;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.TransferBlock;
import io.membrane.wire.TransferBlock.TransferPart;
import org.jspecify.annotations.Nullable;

/**
 * What lies behind the last full block of a prompt, waiting at the worker that computed it.
 *
 * @param parent hash of the last full block; null if there is none
 * @param name what frames call it: the hash that a block of exactly these tokens would have.
 *     Nothing is ever stored under it
 */
public record HeldTail(
    ComputeClient worker,
    TransferBlock block,
    Namespace namespace,
    @Nullable BlockHash parent,
    BlockHash name) {

  /** The tail in a worker's answer; null if none is wanted. */
  static @Nullable HeldTail of(Task task, Served target, PrefillResponse answer) {
    if (!task.wantsTail()) {
      return null;
    }
    int end = task.prompt().totalTokens();
    int from = end - task.tailTokens();
    BlockHash parent = from == 0 ? null : task.prompt().blockHashes().getLast();
    BlockHash name =
        BlockHasher.chain(
                parent == null ? task.root() : parent, end - from, task.tokens().slice(from, end))
            .getFirst();
    return new HeldTail(
        target.cluster().worker(),
        Answers.tail(new TokenSpan(from, end), answer.transferBlock()),
        task.namespace(),
        parent,
        name);
  }

  FragmentKey key(TransferPart part) {
    return new FragmentKey(name, part.slice());
  }

  FragmentMeta meta(TransferPart part) {
    return new FragmentMeta(namespace, parent, block.tokenSpan(), part.signature(), null, false);
  }
}
