package io.membrane.fragment.store;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import java.util.Arrays;
import java.util.Locale;

/** Why Redis did not do as asked, and what the caller and the metrics are told. */
enum RedisFailure {
  /** Its {@code maxmemory} is reached. */
  OOM(
      ErrorCode.STORAGE_FULL,
      "Redis has no room; raise its maxmemory, or lower membrane.fragment.redis-capacity"),
  /** Its disk is full or fails: the last snapshot or the append-only file could not be written. */
  MISCONF(
      ErrorCode.STORAGE_FULL,
      "Redis stores nothing while it cannot write to its disk; give the disk room, or see the log of Redis"),
  /** A replica, or a primary that has been made one. */
  READONLY(
      ErrorCode.DEPENDENCY_UNAVAILABLE, "this Redis is a replica now; try again at its primary"),
  /** A replica without its primary. */
  MASTERDOWN(
      ErrorCode.DEPENDENCY_UNAVAILABLE, "this Redis is a replica without a primary; try again"),
  /** It asks for more replicas than follow it. */
  NOREPLICAS(
      ErrorCode.DEPENDENCY_UNAVAILABLE,
      "Redis has fewer replicas than its min-replicas-to-write; try again when they are back"),
  /** It has just started. */
  LOADING(ErrorCode.DEPENDENCY_UNAVAILABLE, "Redis is still loading its data; try again"),
  /** Somebody's script runs and runs. */
  BUSY(
      ErrorCode.DEPENDENCY_UNAVAILABLE,
      "Redis is busy with a script that does not end; try again, or end it with SCRIPT KILL"),
  /** Some slots, or most primaries, are gone. */
  CLUSTERDOWN(ErrorCode.DEPENDENCY_UNAVAILABLE, "the Redis Cluster has lost a primary; try again"),
  /** A slot is on its way to another node. */
  TRYAGAIN(ErrorCode.DEPENDENCY_UNAVAILABLE, "a slot of the Redis Cluster is moving; try again"),
  /** Rights are missing. */
  NOPERM(
      ErrorCode.DEPENDENCY_UNAVAILABLE,
      "the user of Redis may not do this; give it the rights that docs/guarantees.md names"),
  /** The password is missing. */
  NOAUTH(
      ErrorCode.DEPENDENCY_UNAVAILABLE,
      "Redis wants a password; set spring.data.redis.username and .password"),
  /** It has not seen the script yet, which is then sent; no caller sees this. */
  NOSCRIPT(ErrorCode.DEPENDENCY_UNAVAILABLE, "Redis does not know the script; try again"),
  /** No answer within the command timeout. */
  TIMEOUT(
      ErrorCode.DEPENDENCY_UNAVAILABLE,
      "Redis did not answer within spring.data.redis.timeout; try again"),
  /** No answer before the request's own deadline. */
  DEADLINE(
      ErrorCode.DEADLINE_EXCEEDED, "the deadline passed while Redis was asked; allow more time"),
  /** No connection, or anything else. */
  ERROR(ErrorCode.DEPENDENCY_UNAVAILABLE, "Redis does not answer as it should; try again");

  private final ErrorCode code;
  private final String message;

  RedisFailure(ErrorCode code, String message) {
    this.code = code;
    this.message = message;
  }

  static RedisFailure of(Throwable e) {
    if (e instanceof RedisCommandTimeoutException) {
      return TIMEOUT;
    }
    if (e instanceof RedisCommandExecutionException) {
      String said = String.valueOf(e.getMessage());
      return Arrays.stream(values())
          .filter(failure -> failure.isIn(said))
          .findFirst()
          .orElse(ERROR);
    }
    return ERROR;
  }

  /**
   * Redis begins an error with a word; before version 7 that of a script hides it behind a dash.
   */
  private boolean isIn(String said) {
    return said.startsWith(name() + " ") || said.contains(" -" + name() + " ");
  }

  /** As metrics call it. */
  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }

  MembraneException because(Throwable e) {
    return new MembraneException(code, message, e);
  }
}
