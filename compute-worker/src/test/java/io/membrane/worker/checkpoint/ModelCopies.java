package io.membrane.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/** Copies of the golden models, to be changed. */
abstract class ModelCopies {

  @TempDir Path temp;

  final Path copy(String variant) {
    Path from = Path.of("src/test/resources/golden", variant);
    try (Stream<Path> files = Files.list(from)) {
      Path to = Files.createTempDirectory(temp, variant);
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
      return to;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void edit(Path file, UnaryOperator<String> change) {
    try {
      String before = Files.readString(file);
      String after = change.apply(before);
      assertThat(after).isNotEqualTo(before);
      Files.writeString(file, after);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void assertRefused(Path model, String message) {
    assertThatThrownBy(() -> Checkpoint.open(model).close())
        .isInstanceOf(BadModelException.class)
        .hasMessageContaining(message);
  }
}
