package io.membrane.worker.prefill;

import io.membrane.block.Tokens;
import io.membrane.worker.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Retrieval-style prompts: an instruction of one block, the same documents in another order than
 * they were stored in, a question of {@value #QUESTION} tokens. Writes a table of the recomputed
 * share against deviation from the full prefill, and time. The full prefill has the instruction for
 * a prefix too. Run in the module's directory with its test classpath:
 *
 * <pre>
 * java -Dai.djl.offline=true -cp … io.membrane.worker.prefill.ShiftedReuse \
 *   ../models/tiny-llama ../docs/internals DOCUMENTS BLOCKS_EACH BLOCK_TOKENS ORDERS
 * </pre>
 */
final class ShiftedReuse {

  private static final int QUESTION = 32;
  private static final long SEED = 20261122;
  private static final double[] SHARES = {0, 0.05, 0.15, 0.3, 0.5, 1};

  private final PrefillModel model;
  private final int block;
  private final Tokens instruction;
  private final Tokens question;
  private final List<Tokens> documents;

  private ShiftedReuse(PrefillModel model, PromptTokenizer tokenizer, Path texts, int[] shape) {
    this.model = model;
    this.block = shape[2];
    List<Tokens> all = tokens(tokenizer, texts, block * shape[1]);
    this.documents = all.subList(0, shape[0]);
    this.instruction = all.getLast().slice(0, block);
    this.question = all.getLast().slice(block, block + QUESTION);
  }

  /** What one share led to; sums over the orders. */
  private static final class Row {
    double computed;
    double keys;
    double values;
    double logits;
    double divergence;
    double same;
    double millis;
  }

  public static void main(String[] args) {
    int[] shape = Stream.of(args).skip(2).mapToInt(Integer::parseInt).toArray();
    Path directory = Path.of(args[0]);
    try (Checkpoint checkpoint = Checkpoint.open(directory);
        PromptTokenizer tokenizer = PromptTokenizer.open(directory);
        PrefillModel model =
            PrefillModel.load(checkpoint, new PrefillOptions("auto", null, shape[2], 0))) {
      new ShiftedReuse(model, tokenizer, Path.of(args[1]), shape).run(shape[3]);
    }
  }

  private static List<Tokens> tokens(PromptTokenizer tokenizer, Path texts, int least) {
    try (Stream<Path> files = Files.list(texts)) {
      return files
          .filter(file -> file.toString().endsWith(".md"))
          .sorted()
          .map(file -> tokenizer.encode(read(file), false))
          .filter(text -> text.length() >= Math.max(least, 2 * QUESTION))
          .map(text -> text.slice(0, Math.max(least, 2 * QUESTION)))
          .collect(Collectors.toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void run(int orders) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, documents.size()).boxed().toList());
    List<byte[]> stored = blocks(prompt(order));
    Random random = new Random(SEED);
    Row[] rows = Stream.generate(Row::new).limit(SHARES.length).toArray(Row[]::new);
    double fullMillis = 0;
    for (int round = -1; round < orders; round++) {
      do {
        Collections.shuffle(order, random);
      } while (order.getFirst() == 0);
      fullMillis += measure(order, stored, round < 0 ? new Row[0] : rows) * (round < 0 ? 0 : 1);
    }
    print(rows, fullMillis / orders, orders);
  }

  /** Measures one order into {@code rows}; milliseconds of the full prefill. */
  private double measure(List<Integer> order, List<byte[]> stored, Row[] rows) {
    Tokens prompt = prompt(order);
    List<byte[]> prefix = stored.subList(0, 1);
    long start = System.nanoTime();
    try (Prefill full = model.begin(prompt, prefix, block)) {
      while (full.advance()) {}
      float[] logits = full.logits();
      double millis = (System.nanoTime() - start) / 1e6;
      for (int i = 0; i < rows.length; i++) {
        measure(prompt, prefix, moved(order, stored), SHARES[i], full, logits, rows[i]);
      }
      return millis;
    }
  }

  private void measure(
      Tokens prompt,
      List<byte[]> prefix,
      List<MovedBlock> moved,
      double share,
      Prefill full,
      float[] fullLogits,
      Row row) {
    long start = System.nanoTime();
    try (ShiftedPrefill prefill = model.beginShifted(prompt, prefix, block, moved)) {
      while (prefill.inspect()) {}
      prefill.choose(share);
      while (prefill.advance()) {}
      float[] logits = prefill.logits();
      row.millis += (System.nanoTime() - start) / 1e6;
      LogitDeviation deviation = LogitDeviation.of(fullLogits, logits);
      row.computed += prefill.computedTokens();
      row.keys += prefill.keyDeviation(full).relative();
      row.values += prefill.valueDeviation(full).relative();
      row.logits += deviation.max();
      row.divergence += deviation.divergence();
      row.same += deviation.sameGreedy() ? 1 : 0;
    }
  }

  private List<MovedBlock> moved(List<Integer> order, List<byte[]> stored) {
    int each = documents.getFirst().length() / block;
    return IntStream.range(0, order.size() * each)
        .mapToObj(i -> {
          int source = 1 + order.get(i / each) * each + i % each;
          return new MovedBlock((1 + i) * block, source * block, stored.get(source));
        })
        .toList();
  }

  private Tokens prompt(List<Integer> order) {
    return Tokens.of(
        Stream.of(Stream.of(instruction), order.stream().map(documents::get), Stream.of(question))
            .flatMap(part -> part)
            .flatMapToLong(part -> LongStream.of(part.toLongs()))
            .toArray());
  }

  private List<byte[]> blocks(Tokens prompt) {
    try (Prefill prefill = model.begin(prompt, List.of(), block)) {
      while (prefill.advance()) {}
      return IntStream.range(0, prompt.length() / block)
          .mapToObj(b -> prefill.kv(b * block, (b + 1) * block))
          .toList();
    }
  }

  private void print(Row[] rows, double fullMillis, int orders) {
    int behind = documents.size() * documents.getFirst().length() + QUESTION;
    System.out.printf(
        Locale.ROOT,
        "%d documents of %d tokens, blocks of %d, %d orders; full prefill of %d tokens behind the"
            + " instruction: %.0f ms%n%n",
        documents.size(),
        documents.getFirst().length(),
        block,
        orders,
        behind,
        fullMillis);
    System.out.println(
        "| share | computed | K off | V off | logits off | KL | same token | time |");
    System.out.println("|---|---|---|---|---|---|---|---|");
    for (int i = 0; i < rows.length; i++) {
      Row row = rows[i];
      System.out.printf(
          Locale.ROOT,
          "| %.2f | %.0f | %.4f | %.4f | %.4f | %.6f | %.2f | %.2f |%n",
          SHARES[i],
          row.computed / orders,
          row.keys / orders,
          row.values / orders,
          row.logits / orders,
          row.divergence / orders,
          row.same / orders,
          row.millis / orders / fullMillis);
    }
  }
}
