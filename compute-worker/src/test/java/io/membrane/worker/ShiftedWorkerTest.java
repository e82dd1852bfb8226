package io.membrane.worker;

import io.membrane.block.BlockHash;
import io.membrane.block.Tokens;
import io.membrane.wire.PrefillResponse;
import io.membrane.wire.PrefillResponse.PrefilledBlock;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Prompts that are put together of parts, some of which are stored behind other tokens. */
abstract class ShiftedWorkerTest extends WorkerHttpTest {

  static Tokens tokens(long seed, int count) {
    return Tokens.ofInts(new Random(seed).ints(count, 0, 1536).toArray());
  }

  static Tokens joined(Tokens... parts) {
    return Tokens.of(
        Stream.of(parts).flatMapToLong(part -> LongStream.of(part.toLongs())).toArray());
  }

  static List<BlockHash> hashes(PrefillResponse answer) {
    return answer.blocks().stream().map(PrefilledBlock::blockHash).toList();
  }
}
