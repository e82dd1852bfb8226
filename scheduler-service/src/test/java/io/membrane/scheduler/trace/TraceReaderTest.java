package io.membrane.scheduler.trace;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.membrane.fixture.Seeds;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TraceReaderTest {

  private static final String GOOD =
      "{\"timestamp\": 0, \"input_length\": 1024, \"output_length\": 1, \"hash_ids\": [0, 1]}\n";

  @Test
  void everyFieldOfEveryLineIsReadAndUnknownOnesAndBlankLinesAreNot() throws IOException {
    Trace trace =
        read(
            """
            {"timestamp": 1000, "input_length": 1000, "output_length": 7, "hash_ids": [70, 80]}
            \t\r
            {"hash_ids":[5],"chat":{"id":[1,{"a":null}]},"output_length":1,"input_length":3,"timestamp":3500}\r

            {"timestamp": 3500, "input_length": 513, "output_length": 9, "hash_ids": [70, 90]}\
            """);

    assertThat(trace.requests()).isEqualTo(3);
    assertThat(IntStream.range(0, 3).mapToDouble(trace::seconds)).containsExactly(0.0, 2.5, 2.5);
    assertThat(IntStream.range(0, 3).map(trace::inputTokens)).containsExactly(1000, 3, 513);
    assertThat(IntStream.range(0, 3).map(trace::outputTokens)).containsExactly(7, 1, 9);
    assertThat(IntStream.range(0, 3).map(trace::blocks)).containsExactly(2, 1, 2);
    assertThat(trace.block(2, 0)).isEqualTo(trace.block(0, 0));
    assertThat(trace.distinctBlocks()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          [1]                                                                              | is not a JSON object
          "text"                                                                           | is not a JSON object
          {"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[0]                 | is not JSON
          {"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[0]} {}             | more than one JSON document
          {"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[0,]}               | is not JSON
          {"timestamp":0,"input_length":NaN,"output_length":1,"hash_ids":[0]}              | input_length is NaN; write a whole number
          {"timestamp":0,"input_length":1,"output_length":-Infinity,"hash_ids":[0]}        | output_length is -Infinity
          {"timestamp":0,"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[]}   | is not JSON
          {"input_length":1,"output_length":1,"hash_ids":[]}                               | has no timestamp
          {"timestamp":0,"output_length":1,"hash_ids":[]}                                  | has no input_length
          {"timestamp":0,"input_length":1,"hash_ids":[]}                                   | has no output_length
          {"timestamp":0,"input_length":1,"output_length":1}                               | has no hash_ids
          {"timestamp":-1,"input_length":1,"output_length":1,"hash_ids":[]}                | timestamp is -1
          {"timestamp":1.5,"input_length":1,"output_length":1,"hash_ids":[]}               | timestamp is 1.5
          {"timestamp":9000000000000,"input_length":1,"output_length":1,"hash_ids":[]}     | in milliseconds
          {"timestamp":99999999999999999999,"input_length":1,"output_length":1,"hash_ids":[]} | timestamp is 99999999999999999999
          {"timestamp":0,"input_length":0,"output_length":1,"hash_ids":[]}                 | input_length is 0
          {"timestamp":0,"input_length":"9","output_length":1,"hash_ids":[]}               | input_length is a string
          {"timestamp":0,"input_length":null,"output_length":1,"hash_ids":[]}              | input_length is null
          {"timestamp":0,"input_length":10000001,"output_length":1,"hash_ids":[]}          | input_length is 10000001
          {"timestamp":0,"input_length":1,"output_length":-3,"hash_ids":[]}                | output_length is -3
          {"timestamp":0,"input_length":1,"output_length":{},"hash_ids":[]}                | output_length is an object
          {"timestamp":0,"input_length":1,"output_length":1,"hash_ids":0}                  | hash_ids is not an array
          {"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[-1]}               | an id of hash_ids is -1
          {"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[[0]]}              | an id of hash_ids is an array
          {"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[2147483648]}       | an id of hash_ids is 2147483648
          {"timestamp":0,"input_length":512,"output_length":1,"hash_ids":[0,1]}            | hash_ids has 2 ids, but 512 tokens are 1 blocks
          {"timestamp":0,"input_length":1025,"output_length":1,"hash_ids":[0,1]}           | hash_ids has 2 ids, but 1025 tokens are 3 blocks
          {"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[]}                 | hash_ids has 0 ids
          """)
  void aBadLineIsNamedWithWhatIsWrong(String line, String said) {
    refused(ErrorCode.MALFORMED_REQUEST, GOOD + "\n" + line + "\n" + GOOD, "line 3", said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", " \r\n\t\n"})
  void anEmptyTraceIsImpossible(String text) {
    refused(ErrorCode.IMPOSSIBLE_REQUEST, text, "an empty trace", "\"hash_ids\"");
  }

  @Test
  void whatIsPastALimitIsTooLarge() {
    refused(ErrorCode.TOO_LARGE, GOOD.repeat(3), limits(100, 999, 9, 9), "100 bytes");
    refused(ErrorCode.TOO_LARGE, GOOD.repeat(3), limits(999, 50, 9, 9), "line 1", "50 bytes");
    refused(ErrorCode.TOO_LARGE, GOOD.repeat(3), limits(999, 999, 2, 9), "at most 2 requests");
    refused(ErrorCode.TOO_LARGE, GOOD.repeat(3), limits(999, 999, 9, 5), "at most 5 block");
  }

  @Test
  void aLineThatNeverEndsDoesNotFillTheMemory() {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return ' ';
          }
        };
    assertThatThrownBy(() -> TraceReader.read(endless))
        .isInstanceOfSatisfying(
            MembraneException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_LARGE));
  }

  @Test
  void aSlowUploadEndsAtItsDeadline() {
    String text = GOOD.repeat(5000);
    assertThatThrownBy(() ->
            CallContext.of("t", Duration.ZERO)
                .call(() -> TraceReader.read(new ByteArrayInputStream(text.getBytes(UTF_8)))))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
  }

  @Test
  void howTheBytesArriveDoesNotMatter() {
    Seeds.forAll(
        50,
        random -> {
          String[] lines = new String[random.nextInt(1, 200)];
          Set<Integer> distinct = new HashSet<>();
          int references = 0;
          int hits = 0;
          for (int i = 0; i < lines.length; i++) {
            int[] ids = random.ints(random.nextInt(1, 6), 0, 40).distinct().toArray();
            int run = 0;
            while (run < ids.length && distinct.contains(ids[run])) {
              run++;
            }
            hits += run;
            references += ids.length;
            Arrays.stream(ids).forEach(distinct::add);
            lines[i] =
                "{\"pad\":\"%s\",\"timestamp\":%d,\"input_length\":%d,\"output_length\":1,\"hash_ids\":[%s]}"
                    .formatted(
                        "x".repeat(random.nextInt(0, 3000)),
                        i,
                        512 * ids.length,
                        Arrays.stream(ids)
                            .mapToObj(Integer::toString)
                            .collect(Collectors.joining(",")));
          }
          byte[] bytes = String.join("\n", lines).getBytes(UTF_8);
          TraceSummary summary = TraceSummary.of("id", readDribbling(bytes, random));
          assertThat(summary.requests()).isEqualTo(lines.length);
          assertThat(summary.blockReferences()).isEqualTo(references);
          assertThat(summary.distinctBlocks()).isEqualTo(distinct.size());
          assertThat(summary.unboundedHitRatio())
              .isCloseTo(hits / (double) Math.max(1, references), within(1e-12));
        });
  }

  @Test
  void whatIsLeftAfterTheHitsIsTheIncrementalLength() throws IOException {
    Trace trace =
        read(
            """
            {"timestamp":0,"input_length":1100,"output_length":10,"hash_ids":[0,1,2]}
            {"timestamp":1,"input_length":1536,"output_length":20,"hash_ids":[0,1,2]}
            {"timestamp":2,"input_length":1600,"output_length":60,"hash_ids":[0,1,9,2]}\
            """);

    assertThat(IncrementalLengths.of(trace)).containsExactly(1100, 1, 1600 - 1024);
  }

  private static Trace readDribbling(byte[] bytes, RandomGenerator random) {
    InputStream dribble =
        new FilterInputStream(new ByteArrayInputStream(bytes)) {
          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            return super.read(buffer, offset, random.nextInt(1, Math.min(length, 700) + 1));
          }
        };
    try {
      return TraceReader.read(dribble);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static TraceLimits limits(long bytes, int lineBytes, int requests, int references) {
    return new TraceLimits(bytes, lineBytes, requests, references);
  }

  private static void refused(ErrorCode code, String text, String... said) {
    refused(code, text, TraceLimits.DEFAULT, said);
  }

  private static void refused(ErrorCode code, String text, TraceLimits limits, String... said) {
    assertThatThrownBy(
            () -> TraceReader.read(new ByteArrayInputStream(text.getBytes(UTF_8)), limits))
        .isInstanceOfSatisfying(
            MembraneException.class,
            e -> {
              assertThat(e.detail()).contains(said);
              assertThat(e.code()).isEqualTo(code);
            });
  }

  private static Trace read(String text) throws IOException {
    return TraceReader.read(new ByteArrayInputStream(text.getBytes(UTF_8)));
  }
}
