package io.membrane.fragment.store;

import io.membrane.fragment.offheap.Payload;
import io.membrane.fragment.store.CatalogPuts.Outcome;
import io.membrane.fragment.store.FragmentStore.Stored;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Writes bodies to Redis and names them, and offers them to memory. Thread-safe; methods block. */
final class RedisWrites {

  /** How often a put starts again because what stood in its way was damaged. */
  private static final int ATTEMPTS = 3;

  private final CatalogPuts names;
  private final Bodies bodies;
  private final RedisRoom room;
  private final MemoryTier memory;
  private final RedisReads reads;
  private final Forms forms;
  private final Neighbours neighbours;
  private final Clock clock;

  RedisWrites(
      CatalogPuts names,
      Bodies bodies,
      RedisRoom room,
      MemoryTier memory,
      RedisReads reads,
      Forms forms,
      Neighbours neighbours,
      Clock clock) {
    this.names = names;
    this.bodies = bodies;
    this.room = room;
    this.memory = memory;
    this.reads = reads;
    this.forms = forms;
    this.neighbours = neighbours;
    this.clock = clock;
  }

  /**
   * Stores a body under a name.
   *
   * @param upload what the body was uploaded by, which then ends; or null
   * @param body stays the caller's to close
   * @throws MembraneException as {@link FragmentStore#put}
   */
  Stored put(NewName put, Payload body, @Nullable UploadHold upload) {
    try (Payload form = forms.toWrite(body)) {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        long moment = memory.moment();
        CatalogPuts.Put done = write(put, body, form, upload);
        if (done.outcome() != Outcome.CONFLICT) {
          boolean isNew = done.outcome() == Outcome.STORED;
          bodies.giveUp(done.unlink());
          if (isNew) {
            admit(put, done, body, form, moment);
          }
          return new Stored(isNew, put.digest(), done.logPosition());
        }
        // What stands in the way may be damaged; then it is removed by being read.
        Fragment other = reads.load(List.of(put.name()), moment).getFirst();
        if (other != null) {
          other.close();
          break;
        }
      }
    }
    throw new MembraneException(
        ErrorCode.FRAGMENT_CONFLICT,
        "other bytes are stored under this key; fragments are immutable, the first stay");
  }

  private CatalogPuts.Put write(
      NewName put, Payload body, Payload form, @Nullable UploadHold upload) {
    long writtenMs = clock.millis();
    String id = Forms.id(RedisKeys.newBodyId(put.digest(), writtenMs), body, form);
    AtomicBoolean mayBeNamed = new AtomicBoolean();
    try (RedisRoom.Taken taken =
        room.take(RedisKeys.footprint(form.length()) + RedisKeys.NAME_BYTES)) {
      CatalogPuts.Put done =
          taken.write(() -> {
            mayBeNamed.set(false);
            RedisCalls.Sent<String> written = bodies.write(id, form);
            boolean ahead = bodies.areInOrder();
            if (!ahead) {
              written.await();
            }
            mayBeNamed.set(true);
            CatalogPuts.Put answer = names.put(put, id, writtenMs, ahead, upload);
            if (ahead) {
              written.await();
            }
            return answer;
          });
      switch (done.outcome()) {
        case STORED, SAME -> taken.used(done.storeBytes());
        case CONFLICT -> mayBeNamed.set(false);
        case LOST ->
            throw new MembraneException(
                ErrorCode.DEPENDENCY_UNAVAILABLE,
                "Redis has lost what was just written, in a failover perhaps; try again");
      }
      return done;
    } catch (MembraneException e) {
      // With a lost answer it may have been, and others of its digest rely on it; the sweep knows.
      if (e.code() != ErrorCode.DEPENDENCY_UNAVAILABLE && e.code() != ErrorCode.DEADLINE_EXCEEDED) {
        mayBeNamed.set(false);
      }
      throw e;
    } finally {
      if (!mayBeNamed.get()) {
        bodies.unlink(List.of(id));
      }
    }
  }

  private void admit(NewName put, CatalogPuts.Put done, Payload body, Payload form, long moment) {
    if (neighbours.keepsHere(put.name())) {
      memory.admit(
          new Fragment(
              new Description(
                  put.name(),
                  put.meta(),
                  put.digest(),
                  put.bytes(),
                  form.length() < body.length() ? form.length() : null,
                  done.expiresAtMs(),
                  put.policy().priorityClass(),
                  done.logPosition()),
              body),
          moment);
    }
    neighbours.stored(put.name());
  }
}
