package io.membrane.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** What the documents say that attacks get: each row's last cell names the answers, in order. */
final class AttackTable {

  private static final Path DOCUMENT =
      Path.of(System.getProperty("membrane.root"), "docs", "operations", "security.md");
  private static final Pattern ANSWER = Pattern.compile("`([^`]+)`");

  private AttackTable() {}

  /** Holds the row of an attack against what it got. */
  static void holds(String attack, String... got) throws IOException {
    String row =
        Files.readAllLines(DOCUMENT).stream()
            .filter(line -> line.startsWith("| " + attack + " |"))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no row of '" + attack + "' in " + DOCUMENT));
    String cell = row.substring(row.lastIndexOf(" | "));
    List<String> said = ANSWER.matcher(cell).results().map(r -> r.group(1)).toList();
    assertThat(got).as(row).containsExactlyElementsOf(said);
  }
}
