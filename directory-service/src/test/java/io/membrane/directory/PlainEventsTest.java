package io.membrane.directory;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.directory.location.ChangeBatch;
import io.membrane.directory.location.EventColumns;
import io.membrane.directory.location.EventRules;
import io.membrane.directory.location.NodeProgress;
import io.membrane.directory.location.Source;
import io.membrane.fixture.Seeds;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.EventBatch;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import jakarta.validation.ValidatorFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;

/** Batches that are read plainly, beside the same ones read as the endpoint reads them. */
class PlainEventsTest {

  private static final String DOMAIN = "public";
  private static final ValidatorFactory FACTORY = Validation.buildDefaultValidatorFactory();
  private static final Validator VALIDATOR = FACTORY.getValidator();

  @AfterAll
  static void close() {
    FACTORY.close();
  }

  @Test
  void whatCallersMostlyWriteIsPlainAndMeansTheSame() {
    Seeds.forAll(
        500,
        random -> {
          String body = EventBodies.possible(random);
          ChangeBatch plain = PlainEvents.parse(bytes(body), DOMAIN);
          assertThat(plain).as(body).isNotNull();
          assertSame(body, plain);
        });
  }

  @Test
  void whatIsReadFromAnyBodyTheEndpointWouldTakeAndReadTheSame() {
    AtomicInteger taken = new AtomicInteger();
    Seeds.forAll(
        5_000,
        random -> {
          String body = EventBodies.any(random);
          ChangeBatch plain = PlainEvents.parse(bytes(body), DOMAIN);
          if (plain != null) {
            taken.incrementAndGet();
            assertSame(body, plain);
          }
        });
    assertThat(taken).hasPositiveValue();
  }

  @Test
  void aDamagedBodyIsReadAsTheEndpointReadsItOrNotAtAll() {
    Seeds.forAll(
        3_000,
        random -> {
          byte[] body = bytes(EventBodies.possible(random));
          for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
            body[random.nextInt(body.length)] =
                (byte) " {}[]:,\"abnz019-.eE\\\n\t\0\u007f\u00e9".charAt(random.nextInt(25));
          }
          ChangeBatch plain = PlainEvents.parse(body, DOMAIN);
          if (plain != null) {
            assertSame(new String(body, ISO_8859_1), plain);
          }
        });
  }

  @Test
  void whatEndsTooEarlyIsNone() {
    byte[] whole = bytes(EventBodies.possible(new Random(3)));
    for (int length = 0; length < whole.length; length++) {
      assertThat(PlainEvents.parse(Arrays.copyOf(whole, length), DOMAIN)).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "null",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1,\"sequence\":0}",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1,\"sequence\":0,\"events\":null}",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1,\"sequence\":0,\"events\":[null]}",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1,\"sequence\":0,\"events\":[{}]}",
        "{\"node\":\" \",\"cluster\":\"c\",\"epoch\":1,\"sequence\":0,\"events\":[]}",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1.0,\"sequence\":0,\"events\":[]}",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":\"1\",\"sequence\":0,\"events\":[]}",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":-1,\"sequence\":0,\"events\":[]}",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":01,\"sequence\":0,\"events\":[]}",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1,\"sequence\":0,\"events\":[]} {}",
        "{\"node\":\"n\",\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1,\"sequence\":0,\"events\":[]}",
        "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1,\"sequence\":0,\"x\":1,\"x\":1,\"events\":[]}"
      })
  void whatTheEndpointRefusesIsNone(String body) {
    assertThat(PlainEvents.parse(bytes(body), DOMAIN)).isNull();
    assertThat(general(body)).isNull();
  }

  @Test
  void moreEventsThanTheLimitAreNone() {
    String cleared = "{\"type\":\"cleared\"}";
    String most = String.join(",", Collections.nCopies(10_000, cleared));
    String head = "{\"node\":\"n\",\"cluster\":\"c\",\"epoch\":1,\"sequence\":0,\"events\":[";
    assertThat(Objects.requireNonNull(PlainEvents.parse(bytes(head + most + "]}"), DOMAIN)).size())
        .isEqualTo(10_000);
    assertThat(PlainEvents.parse(bytes(head + most + "," + cleared + "]}"), DOMAIN)).isNull();
  }

  private static void assertSame(String body, ChangeBatch plain) {
    ChangeBatch general = general(body);
    assertThat(general).as(body).isNotNull();
    assertThat(plain.source()).isEqualTo(general.source());
    assertThat(plain.first()).isEqualTo(general.first());
    assertThat(plain.entries()).as(body).isEqualTo(general.entries());
  }

  /** As the endpoint reads it; null if it is refused. */
  private static @Nullable ChangeBatch general(String body) {
    try {
      EventBatch batch = WireJson.mapper().readValue(bytes(body), EventBatch.class);
      if (batch == null || !VALIDATOR.validate(batch).isEmpty()) {
        return null;
      }
      batch.events().forEach(EventRules::check);
      ChangeBatch columns =
          new ChangeBatch(
              new Source(batch.cluster(), batch.node(), DOMAIN),
              new NodeProgress(batch.epoch(), batch.sequence()));
      EventColumns.add(batch.events(), columns);
      return columns;
    } catch (JacksonException | IllegalArgumentException e) {
      return null;
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(ISO_8859_1);
  }

  /** Bodies to test with. */
  private static final class EventBodies {

    private static final String[] SPACES = {"", "", "", " ", "\n  ", "\t\r\n"};
    private static final String[] UNKNOWN = {
      "\"lora_id\":null",
      "\"medium\":\"GPU\"",
      "\"token_ids\":[1,2,3]",
      "\"n\":-7",
      "\"l\":[]",
      "\"x\":true"
    };
    private static final String[] ODD = {
      "\"bytes\":-1",
      "\"bytes\":0",
      "\"bytes\":1.5",
      "\"bytes\":\"1\"",
      "\"tier\":\" \"",
      "\"tier\":\"\\u0067pu\"",
      "\"slice\":\"attn.1-0.0of1\"",
      "\"slice\":null",
      "\"block_hash\":null",
      "\"block_hash\":\"ab\"",
      "\"token_span\":[16,0]",
      "\"token_span\":[0,8]",
      "\"token_span\":[8,24]",
      "\"token_span\":[0]",
      "\"token_span\":[2147483632,2147483648]",
      "\"namespace\":{}",
      "\"namespace\":null",
      "\"namespace\":{\"model\":\"m\",\"model\":\"m\"}",
      "\"type\":\"moved\"",
      "\"type\":null",
      "\"type\":0",
      "\"expires_at_ms\":99999999999999999999",
      "\"expires_at_ms\":-5",
      "\"parent_hash\":\"\"",
      "\"unknown\":{\"a\":1}",
      "\"unknown\":{\"a\":1,\"a\":1}",
      "\"unknown\":[[1]]",
      "\"unknown\":1e3",
      "\"unknown\":\"\\n\"",
      "\"unknown\":\"Z\u00fc\""
    };

    private EventBodies() {}

    static String possible(RandomGenerator random) {
      return body(random, 0);
    }

    static String any(RandomGenerator random) {
      return body(random, 0.15);
    }

    private static String body(RandomGenerator random, double odd) {
      StringBuilder events = new StringBuilder();
      for (int i = random.nextInt(8); i > 0; i--) {
        events.append(events.isEmpty() ? "" : "," + space(random)).append(event(random, odd));
      }
      return space(random)
          + "{\"node\":%s\"n-%d\",\"cluster\":\"c d\",\"epoch\":%d,%s\"sequence\":%d,\"events\":%s[%s]}"
              .formatted(
                  space(random),
                  random.nextInt(3),
                  random.nextLong(1L << 50),
                  random.nextBoolean() ? "\"version\":1," : "",
                  random.nextInt(1000),
                  space(random),
                  events + space(random))
          + space(random);
    }

    private static String event(RandomGenerator random, double odd) {
      List<String> fields = new ArrayList<>();
      switch (random.nextInt(8)) {
        case 0 -> fields.add("\"type\":\"cleared\"");
        case 1, 2 -> {
          fields.add("\"type\":\"removed\"");
          fields.add("\"block_hash\":\"" + Seeds.hash(random).hex() + "\"");
          optional(random, fields, "\"slice\":\"state.0-3.1of2\"");
          optional(random, fields, "\"tier\":\"cpu\"");
        }
        default -> stored(random, fields);
      }
      optional(random, fields, UNKNOWN[random.nextInt(UNKNOWN.length)]);
      if (random.nextDouble() < odd) {
        String strange = ODD[random.nextInt(ODD.length)];
        if (random.nextInt(8) > 0) {
          String name = strange.substring(0, strange.indexOf(':') + 1);
          fields.removeIf(field -> field.startsWith(name));
        }
        fields.add(strange);
      }
      if (random.nextInt(3) == 0) {
        Collections.shuffle(fields, Random.from(random));
      }
      return "{" + String.join(space(random) + "," + space(random), fields) + "}";
    }

    private static void stored(RandomGenerator random, List<String> fields) {
      int tokens = random.nextInt(1, 4) * 16;
      int from = random.nextInt(1000) * tokens;
      fields.add("\"type\": \"stored\"");
      fields.add(
          "\"namespace\":{\"model\":\"m/%d\",\"revision\":\"r\",\"kv_dtype\":\"bf16\",\"block_tokens\":%d}"
              .formatted(random.nextInt(30), tokens));
      fields.add("\"block_hash\":\"" + Seeds.hash(random).hex() + "\"");
      fields.add("\"slice\":\"attn.0-%d.0of1\"".formatted(random.nextInt(40)));
      fields.add("\"tier\":\"t%d\"".formatted(random.nextInt(3)));
      fields.add("\"token_span\":[%d, %d]".formatted(from, from + tokens));
      optional(
          random,
          fields,
          random.nextBoolean()
              ? "\"parent_hash\":null"
              : "\"parent_hash\":\"" + Seeds.hash(random).hex() + "\"");
      optional(random, fields, "\"bytes\":" + random.nextInt(5) * 4096);
      optional(random, fields, "\"expires_at_ms\":" + random.nextLong(1L << 45));
    }

    private static void optional(RandomGenerator random, List<String> fields, String field) {
      if (random.nextBoolean()) {
        fields.add(field);
      }
    }

    private static String space(RandomGenerator random) {
      return SPACES[random.nextInt(SPACES.length)];
    }
  }
}
