package io.membrane.fragment.store;

import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.fragment.inventory.Inventory;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fragments of each sharing domain as an {@link Inventory} in memory: made by a look at every
 * name in Redis when somebody asks first, then kept current for as long as somebody asks.
 *
 * <p>Redis notes which names come, go or change while anybody holds an inventory; what a note means
 * is read from Redis again, so that notes may come twice and in any order. A name is looked up and
 * entered under one lock: what was looked up last is entered last. When notes are missing, or
 * another Redis has taken over, everything is read again.
 *
 * <p>What was acknowledged before {@link #of} is in the inventory; what has ended is not, from the
 * second on in which the store removes it. Thread-safe; methods block.
 */
public final class Inventories {

  private static final Logger log = LoggerFactory.getLogger(Inventories.class);

  /** What a key takes in memory, as measured. */
  private static final int BYTES_PER_KEY = 91;

  /** What an empty inventory takes, in keys. */
  private static final int KEYS_PER_INVENTORY = 300;

  private static final long MOST_KEYS = 10_000_000;
  private static final Duration LONGEST_IDLE = Duration.ofMinutes(5);
  private static final Duration KEEP_NOTES = Duration.ofMinutes(1);
  private static final Duration LONGEST_FILL = Duration.ofMinutes(1);
  private static final int SCAN_PAGE = 1000;
  private static final int LOOK_UP_PAGE = 500;
  private static final int ATTEMPTS = 5;

  private final NameNotes notes;
  private final long mostKeys;
  private final Clock clock;

  /** Guards everything below. */
  private final ReentrantLock order = new ReentrantLock();

  private final Map<String, InventoryImage> images = new HashMap<>();
  private String life = "";
  private String last = "";
  private long keys;

  /** With room for as many keys as go into a third of the heap, ten million at most. */
  Inventories(NameNotes notes, Clock clock) {
    this(notes, Math.min(MOST_KEYS, Runtime.getRuntime().maxMemory() / 3 / BYTES_PER_KEY), clock);
  }

  /**
   * @param mostKeys keys that all inventories may have together
   */
  Inventories(NameNotes notes, long mostKeys, Clock clock) {
    this.notes = notes;
    this.mostKeys = mostKeys;
    this.clock = clock;
  }

  /**
   * What a domain holds, kept current for five minutes; only to be read.
   *
   * @throws MembraneException {@link ErrorCode#STORAGE_FULL} if it has more keys than there is
   *     memory for, {@link ErrorCode#DEADLINE_EXCEEDED} if it is still being made; that goes on
   */
  public Inventory of(String domain) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Inventory inventory = current(domain).await(LONGEST_FILL);
      if (inventory != null) {
        return inventory;
      }
    }
    throw new MembraneException(
        ErrorCode.OVERLOADED,
        "more changes at a time than an inventory can follow; ask again in a moment");
  }

  /** Learns what has changed, and forgets what nobody has asked for lately. */
  void follow() {
    order.lock();
    try {
      long before = clock.millis() - LONGEST_IDLE.toMillis();
      List<InventoryImage> idle =
          images.values().stream().filter(image -> image.isIdleSince(before)).toList();
      idle.forEach(image -> drop(image, null));
      if (!images.isEmpty()) {
        catchUp();
      }
    } finally {
      order.unlock();
    }
  }

  private InventoryImage current(String domain) {
    lock();
    try {
      catchUp();
      InventoryImage image = images.get(domain);
      if (image == null) {
        if (keys + KEYS_PER_INVENTORY > mostKeys) {
          throw full();
        }
        image = new InventoryImage(domain, clock.millis());
        images.put(domain, image);
        keys += KEYS_PER_INVENTORY;
        InventoryImage fresh = image;
        Thread.ofVirtual().name("inventory").start(() -> fill(fresh));
      }
      image.asked(clock.millis());
      return image;
    } finally {
      order.unlock();
    }
  }

  private void lock() {
    Duration left = CallContext.currentOr(LONGEST_FILL).remaining();
    try {
      if (order.tryLock(left.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new MembraneException(
        ErrorCode.DEADLINE_EXCEEDED, "the inventory was not current in time; ask again");
  }

  private void catchUp() {
    NameNotes.Notes told;
    do {
      told = notes.since(last, KEEP_NOTES);
      if (!told.isWhole() || !told.life().equals(life)) {
        List.copyOf(images.values()).forEach(image -> drop(image, null));
        life = told.life();
      } else {
        lookUp(told.names().stream().filter(name -> images.containsKey(name.domain())).toList());
      }
      last = told.last();
    } while (told.names().size() == NameNotes.MOST);
  }

  private void fill(InventoryImage image) {
    long began = clock.millis();
    try {
      notes.forEach(image.domain(), SCAN_PAGE, names -> enter(image, names));
      image.complete();
      log.info(
          "an inventory of {} fragments was made in {} ms",
          image.inventory().size(),
          clock.millis() - began);
    } catch (MembraneException e) {
      fail(image, e);
    } catch (RuntimeException e) {
      log.error("an inventory was not made", e);
      fail(image, new MembraneException(ErrorCode.INTERNAL, "the inventory was not made", e));
    }
  }

  private void fail(InventoryImage image, MembraneException e) {
    order.lock();
    try {
      drop(image, e);
    } finally {
      order.unlock();
    }
  }

  private void enter(InventoryImage image, List<Name> names) {
    order.lock();
    try {
      if (images.get(image.domain()) != image) {
        throw new MembraneException(ErrorCode.OVERLOADED, "the inventory is being made again");
      }
      lookUp(names);
    } finally {
      order.unlock();
    }
  }

  private void lookUp(List<Name> names) {
    List<Name> fragments = names.stream().filter(name -> name.fragment() != null).toList();
    for (int i = 0; i < fragments.size(); i += LOOK_UP_PAGE) {
      List<Name> page = fragments.subList(i, Math.min(fragments.size(), i + LOOK_UP_PAGE));
      List<@Nullable ContentDigest> digests = notes.digests(page);
      for (int j = 0; j < page.size(); j++) {
        set(page.get(j), digests.get(j));
      }
    }
  }

  private void set(Name name, @Nullable ContentDigest digest) {
    InventoryImage image = images.get(name.domain());
    FragmentKey key = name.fragment();
    if (image == null || key == null) {
      return;
    }
    keys += image.set(key, digest);
    if (keys > mostKeys) {
      drop(image, full());
    }
  }

  private MembraneException full() {
    return new MembraneException(
        ErrorCode.STORAGE_FULL,
        "inventories of more than "
            + mostKeys
            + " fragments do not go into memory; give the service more heap (-Xmx)");
  }

  /** Forgets an image; whoever waits for it asks again, or is told the reason. */
  private void drop(InventoryImage image, @Nullable MembraneException reason) {
    if (images.remove(image.domain(), image)) {
      keys -= image.inventory().size() + KEYS_PER_INVENTORY;
    }
    image.end(reason);
    if (images.isEmpty()) {
      last = "";
    }
  }
}
