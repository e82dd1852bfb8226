package io.membrane.boot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A secret in a mounted file, which may be exchanged while the service runs: it is read whenever it
 * is wanted. Thread-safe.
 */
public final class SecretFile {

  private static final Logger log = LoggerFactory.getLogger(SecretFile.class);

  private final String property;
  private final Path file;
  private volatile String last;
  private volatile boolean readable = true;

  /**
   * Reads it for the first time.
   *
   * @param property that names the file
   * @throws StartupProblem if there is no secret in it; what it holds is never told
   */
  public SecretFile(String property, Path file) {
    this.property = property;
    this.file = file;
    try {
      this.last = read(file);
    } catch (IOException e) {
      throw new StartupProblem(
          "%s is %s, which cannot be read: %s".formatted(property, file, reason(e)),
          "Name a file with the secret alone that this process may read.");
    }
  }

  /**
   * What it holds now, without the end of the line; what it held before while it cannot be read.
   */
  public String current() {
    try {
      last = read(file);
      readable = true;
    } catch (IOException e) {
      if (readable) {
        log.error(
            "{} of {} cannot be read, the secret before stays: {}", file, property, reason(e));
      }
      readable = false;
    }
    return last;
  }

  private static String read(Path file) throws IOException {
    String secret = Files.readString(file).strip();
    if (secret.isEmpty()) {
      throw new IOException("it is empty");
    }
    return secret;
  }

  private static String reason(IOException e) {
    return e.getClass() == IOException.class
        ? String.valueOf(e.getMessage())
        : e.getClass().getSimpleName();
  }
}
