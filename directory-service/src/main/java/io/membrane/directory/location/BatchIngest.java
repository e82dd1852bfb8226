package io.membrane.directory.location;

import io.membrane.directory.location.Image.Applied;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Takes one batch in. What its numbers mean is looked up once, not for every event. */
final class BatchIngest {

  private static final int WAVE = 16;
  private static final int UNKNOWN = -1;

  private final Changes changes;
  private final BlockTable table;
  private final ChangeBatch batch;
  private final Source source;
  private final int nowSeconds;
  private final Form[] forms;
  private final int[] formNumbers;
  private final int[] namespaceNumbers;
  private final String[] tiers;
  private final @Nullable Place[] places;
  private long readAhead;

  BatchIngest(Changes changes, ChangeBatch batch, int nowSeconds) {
    this.changes = changes;
    this.table = changes.table;
    this.batch = batch;
    this.source = batch.source();
    this.nowSeconds = nowSeconds;
    this.forms = batch.forms.values().toArray(Form[]::new);
    this.tiers = batch.tiers.values().toArray(String[]::new);
    this.formNumbers = new int[forms.length];
    Arrays.fill(formNumbers, UNKNOWN);
    this.namespaceNumbers =
        batch.namespaces.values().stream().mapToInt(table.namespaces::number).toArray();
    this.places = new @Nullable Place[tiers.length];
  }

  Applied run() {
    int seen = 0;
    NodeProgress first = batch.first();
    if (first != null && batch.count > 0) {
      seen = changes.admit(source, first.epoch(), first.nextSequence(), batch.count, nowSeconds);
      if (seen == Changes.OUTDATED) {
        return new Applied(0, 0, batch.count, 0, null);
      }
    }
    int skipped = 0;
    IllegalStateException refusal = null;
    for (int start = seen; start < batch.count; start += WAVE) {
      int end = Math.min(batch.count, start + WAVE);
      readAhead(start, end);
      for (int i = start; i < end; i++) {
        try {
          apply(i);
        } catch (IllegalStateException e) {
          skipped++;
          refusal = refusal == null ? e : refusal;
        }
      }
    }
    return new Applied(batch.count - seen - skipped, seen, 0, skipped, refusal);
  }

  /** Reads lines of the index and records so that they come at once, not one after the other. */
  private void readAhead(int start, int end) {
    for (int i = start; i < end; i++) {
      readAhead += table.index.touch(table.home(batch.keys, i * ChangeBatch.KEY_WORDS));
    }
    for (int i = start; i < end; i++) {
      long home = table.home(batch.keys, i * ChangeBatch.KEY_WORDS);
      readAhead += table.touch(home, table.index.own(home));
    }
  }

  private void apply(int i) {
    int form = batch.formOf[i];
    int tier = batch.tierOf[i];
    int key = i * ChangeBatch.KEY_WORDS;
    switch (batch.kinds[i]) {
      case ChangeBatch.STORED ->
          changes.store(
              batch.keys,
              key,
              batch.hasParent[i],
              namespaceNumbers[batch.namespaceOf[i]],
              batch.blockIndexes[i],
              Changes.location(place(tier), form(form), batch.ends[i]),
              nowSeconds);
      case ChangeBatch.REMOVED ->
          changes.remove(
              batch.keys,
              key,
              source,
              form == ChangeBatch.ANY ? null : forms[form].slice(),
              tier == ChangeBatch.ANY ? null : tiers[tier],
              nowSeconds);
      default -> {
        NodeProgress first = batch.first();
        Long sequence = first == null ? null : Long.valueOf(first.nextSequence() + i);
        changes.end(source, sequence, nowSeconds);
      }
    }
  }

  private int form(int form) {
    if (formNumbers[form] == UNKNOWN) {
      formNumbers[form] = changes.form(forms[form]);
    }
    return formNumbers[form];
  }

  /** A place lives until its source is cleared, or until it is given up for want of ids. */
  private Place place(int tier) {
    Place known = places[tier];
    if (known == null || known.death() != null) {
      known = changes.place(source, tiers[tier], nowSeconds);
      places[tier] = known;
    }
    return Objects.requireNonNull(known);
  }

  /** Means nothing; keeps the reads ahead alive. */
  long ahead() {
    return readAhead;
  }
}
