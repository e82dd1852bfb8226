package io.membrane.reload;

import java.nio.file.Path;
import java.util.List;
import org.springframework.boot.context.properties.bind.Binder;

/** Settings that a service can take while it runs. */
public interface LiveSettings {

  /** How the names of their properties begin. */
  List<String> prefixes();

  /** Further files that they come from; a change of one counts as a change of the settings. */
  default List<Path> files() {
    return List.of();
  }

  /**
   * Reads and checks them; nothing changes yet.
   *
   * @param properties all of the service's, as they would be
   * @return what puts them in force, and does not fail
   * @throws RuntimeException if they cannot be meant, with a message for operators
   */
  Runnable prepared(Binder properties);
}
