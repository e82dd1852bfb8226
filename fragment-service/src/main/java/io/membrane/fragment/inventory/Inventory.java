package io.membrane.fragment.inventory;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The keys that a node holds, each with its content digest, so that what two nodes hold can be
 * compared: a Merkle tree (R. Merkle, 1987) over the SHA-256 of keys whose shape follows from the
 * set alone. A change takes O(log n) and leaves the digests above it to be computed again by the
 * next question; all those of a million keys take 0.1 s. About 91 bytes for each key.
 *
 * <p>For any number of threads: there are {@value #STRIPES} trees, each behind its own lock. What
 * spans several sees each at its own moment.
 */
public final class Inventory {

  /** A digest is for a range of at least so many bits. */
  static final int STRIPE_BITS = 8;

  /** How many buckets there are: by the first byte of the SHA-256 of a key. */
  public static final int BUCKETS = 1 << STRIPE_BITS;

  private static final int STRIPES = BUCKETS;
  private static final byte TAG = 2;

  private final List<Stripe> stripes = new ArrayList<>(STRIPES);
  private final LongUnaryOperator fold;

  /** An empty inventory. */
  public Inventory() {
    this(LongUnaryOperator.identity());
  }

  /** As {@link #Inventory()}, with positions where a test wants them. */
  Inventory(LongUnaryOperator fold) {
    this.fold = fold;
    for (int i = 0; i < STRIPES; i++) {
      stripes.add(new Stripe(Range.ALL.part(STRIPE_BITS, i)));
    }
  }

  /**
   * Notes that the node holds this; a key has one digest, the last.
   *
   * @return whether that is news
   * @throws IllegalArgumentException if a number of the key's slice is above 2^20 − 1
   */
  public boolean add(FragmentKey key, ContentDigest digest) {
    byte[] entry = Entry.of(key, digest, fold);
    return stripe(entry).put(entry);
  }

  /**
   * Notes that the node does not hold this; nothing happens if the key has another digest.
   *
   * @return whether that is news
   * @throws IllegalArgumentException as for {@link #add}
   */
  public boolean remove(FragmentKey key, ContentDigest digest) {
    byte[] entry = Entry.of(key, digest, fold);
    return stripe(entry).remove(entry);
  }

  /** The digest of a key, or null if the node does not hold it. */
  public @Nullable ContentDigest find(FragmentKey key) {
    byte[] place = place(key);
    byte[] entry = stripe(place).find(place);
    return entry == null ? null : Entry.digest(entry, 0);
  }

  /** How many keys there are. */
  public long size() {
    return count(Range.ALL);
  }

  /** Count and digest of all. */
  public InventoryDigest digest() {
    MessageDigest all = Sha256.start();
    all.update(TAG);
    long count = 0;
    for (Stripe stripe : stripes) {
      count += stripe.digest(all);
    }
    return new InventoryDigest(count, HexFormat.of().formatHex(all.digest()));
  }

  /** Count and digest of each of the {@link #BUCKETS} buckets, in order. */
  public List<InventoryDigest> buckets() {
    return stripes.stream().map(Stripe::digest).toList();
  }

  /**
   * The next keys of a bucket, in an order that stays.
   *
   * @param bucket in [0, {@link #BUCKETS})
   * @param after the last key that is known, or null to begin
   * @return at most {@value Page#CAPACITY}; fewer: there are no more
   */
  public List<Held> keys(int bucket, @Nullable FragmentKey after) {
    Page page = new Page();
    page(Range.ALL.part(STRIPE_BITS, bucket), place(after), page);
    List<Held> keys = new ArrayList<>(page.size());
    for (int i = 0; i < page.size(); i++) {
      byte[] entry = page.entry(i);
      keys.add(new Held(Entry.key(entry, Entry.WIRE_AT), Entry.digest(entry, 0)));
    }
    return keys;
  }

  /** Most keys that {@link #keys} gives at a time. */
  public static int pageSize() {
    return Page.CAPACITY;
  }

  /**
   * Answers a question of another node's {@link Reconciliation}. The answer is bounded by the
   * question, and what the question costs by {@link Answering}. Stateless: any replica may answer
   * the next one.
   *
   * @throws IllegalArgumentException if these bytes are not a question, or one beyond the limits
   */
  public byte[] answer(byte[] question) {
    return Codec.encode(Answering.answer(this, Codec.decodeQuestion(question)));
  }

  /** The place of a key. */
  byte[] place(@Nullable FragmentKey key) {
    return Entry.place(key, fold);
  }

  /** An entry as it came over the wire. */
  byte[] entry(byte[] from, int at) {
    return Entry.ofWire(from, at, fold);
  }

  long count(Range within) {
    long count = 0;
    for (Stripe stripe : within(within)) {
      count += stripe.count(within);
    }
    return count;
  }

  /** Fills the page with entries of {@code within} behind {@code after}; not full means no more. */
  void page(Range within, byte[] after, Page page) {
    page.clear();
    for (Stripe stripe : within(within)) {
      stripe.page(within, after, page);
      if (page.isFull()) {
        return;
      }
    }
  }

  /** The entries of a range behind one place and not behind another; no bytes: anywhere. */
  List<byte[]> entries(Range range, byte[] from, byte[] to) {
    List<byte[]> entries = new ArrayList<>();
    byte[] after = from;
    Page page = new Page();
    do {
      page(range, after, page);
      for (int i = 0; i < page.size(); i++) {
        after = page.entry(i);
        if (to.length > 0 && Entry.compare(after, 0, to, 0) > 0) {
          return entries;
        }
        entries.add(after);
      }
    } while (page.isFull());
    return entries;
  }

  /**
   * Digests of the 2^{@code bits} parts of {@code within}, in order; {@link Node#NOTHING} for a
   * part without entries.
   *
   * @param bits so many that a part has at least {@value #STRIPE_BITS} bits
   */
  void digests(Range within, int bits, Consumer<byte[]> sink) {
    MessageDigest sha = Sha256.start();
    for (Stripe stripe : within(within)) {
      stripe.digests(within, within.depth() + bits, sha, sink);
    }
  }

  private Stripe stripe(byte[] place) {
    return stripes.get(index(Entry.position(place, 0)));
  }

  private List<Stripe> within(Range range) {
    return stripes.subList(index(range.low()), index(range.high()) + 1);
  }

  private static int index(long position) {
    return (int) (position >>> (Long.SIZE - STRIPE_BITS));
  }
}
