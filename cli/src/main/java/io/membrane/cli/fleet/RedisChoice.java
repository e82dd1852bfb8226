package io.membrane.cli.fleet;

import java.net.URI;

/** Which Redis a fleet uses. */
public sealed interface RedisChoice {

  /**
   * A redis-server process of the fleet's own; its data ends with it.
   *
   * @param maxMemory as Redis writes it, e.g. {@code 1gb}; past it fragments are evicted
   */
  record Embedded(String maxMemory) implements RedisChoice {

    public Embedded {
      if (!maxMemory.matches("(?i)[1-9][0-9]{0,12}(b|kb?|mb?|gb?)?")) {
        throw new FleetProblem(
            "Redis memory is \"" + maxMemory + "\"", "write a size such as 512mb or 1gb");
      }
    }
  }

  /** One that runs already and is left running. */
  record Existing(URI url) implements RedisChoice {

    public Existing {
      String scheme = String.valueOf(url.getScheme());
      if (!(scheme.equals("redis") || scheme.equals("rediss")) || url.getHost() == null) {
        throw new FleetProblem(
            "\"" + url + "\" is not the URL of a Redis",
            "write redis://host:6379 or redis://user:password@host:6379/0");
      }
    }
  }
}
