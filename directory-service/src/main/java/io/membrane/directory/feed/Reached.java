package io.membrane.directory.feed;

import io.membrane.wire.LogPosition;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** How far the image has come, and who waits for it. One thread moves it; any may wait. */
final class Reached {

  private final ReentrantLock moving = new ReentrantLock();
  private final Condition moved = moving.newCondition();
  private volatile LogPosition position = LogPosition.START;

  LogPosition get() {
    return position;
  }

  void moveTo(LogPosition next) {
    moving.lock();
    try {
      position = next;
      moved.signalAll();
    } finally {
      moving.unlock();
    }
  }

  /**
   * Waits until a position is reached.
   *
   * @return whether it is; false once {@code limit} is over
   */
  boolean await(LogPosition wanted, Duration limit) {
    if (position.compareTo(wanted) >= 0) {
      return true;
    }
    long nanos = limit.toNanos();
    moving.lock();
    try {
      while (position.compareTo(wanted) < 0) {
        if (nanos <= 0) {
          return false;
        }
        nanos = moved.awaitNanos(nanos);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      moving.unlock();
    }
  }

  @Override
  public String toString() {
    return position.toString();
  }
}
