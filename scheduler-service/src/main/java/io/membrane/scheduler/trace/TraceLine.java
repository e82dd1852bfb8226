package io.membrane.scheduler.trace;

import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.rpc.WireJson;
import io.membrane.scheduler.simulation.traffic.Trace;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;

/** One request of a trace as it stands on a line. */
final class TraceLine {

  static final String EXAMPLE =
      "{\"timestamp\":0,\"input_length\":1300,\"output_length\":40,\"hash_ids\":[0,1,2]}";

  /** The year 2248 in Unix time; more is a unit other than milliseconds. */
  private static final long MAX_TIMESTAMP_MS = 1L << 43;

  /** Reads NaN and Infinity, so that they are refused with their field. */
  private static final JsonMapper MAPPER =
      WireJson.configure(JsonMapper.builder())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private static final int MAX_TOKENS = 10_000_000;
  private static final long ABSENT = -1;

  private final JsonParser json;
  private final long number;
  private long timestamp = ABSENT;
  private long inputLength = ABSENT;
  private long outputLength = ABSENT;
  private int[] hashIds = new int[32];
  private int ids = (int) ABSENT;

  private TraceLine(JsonParser json, long number) {
    this.json = json;
    this.number = number;
  }

  /**
   * The request on the current line.
   *
   * @throws MembraneException {@link ErrorCode#MALFORMED_REQUEST} naming the line
   */
  static Trace.Request parse(Lines lines) {
    try (JsonParser json =
        MAPPER.createParser(lines.array(), lines.from(), lines.to() - lines.from())) {
      return new TraceLine(json, lines.number()).request();
    } catch (JacksonException e) {
      throw new MembraneException(
          ErrorCode.MALFORMED_REQUEST,
          "line %d is not JSON: %s".formatted(lines.number(), e.getOriginalMessage()),
          e);
    }
  }

  private Trace.Request request() {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw wrong("is not a JSON object; write " + EXAMPLE);
    }
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      switch (name) {
        case "timestamp" -> timestamp = integer(name, value, 0, MAX_TIMESTAMP_MS, "milliseconds");
        case "input_length" -> inputLength = integer(name, value, 1, MAX_TOKENS, "tokens");
        case "output_length" -> outputLength = integer(name, value, 0, MAX_TOKENS, "tokens");
        case "hash_ids" -> ids(value);
        default -> json.skipChildren();
      }
    }
    if (json.nextToken() != null) {
      throw wrong("holds more than one JSON document");
    }
    requirePresent("timestamp", timestamp);
    requirePresent("input_length", inputLength);
    requirePresent("output_length", outputLength);
    requirePresent("hash_ids", ids);
    long blocks = Math.ceilDiv(inputLength, Trace.BLOCK_TOKENS);
    if (ids != blocks) {
      throw wrong(
          "hash_ids has %d ids, but %d tokens are %d blocks of %d, the last of which may be partial"
              .formatted(ids, inputLength, blocks, Trace.BLOCK_TOKENS));
    }
    return new Trace.Request(
        timestamp, (int) inputLength, (int) outputLength, Arrays.copyOf(hashIds, ids));
  }

  private void ids(JsonToken value) {
    if (value != JsonToken.START_ARRAY) {
      throw wrong("hash_ids is not an array; write one id for each block, for example [0,1,2]");
    }
    ids = 0;
    for (JsonToken id = json.nextToken(); id != JsonToken.END_ARRAY; id = json.nextToken()) {
      if (ids == hashIds.length) {
        hashIds = Arrays.copyOf(hashIds, ids * 2);
      }
      hashIds[ids] = (int) integer("an id of hash_ids", id, 0, Integer.MAX_VALUE, "");
      ids++;
    }
  }

  private long integer(String name, JsonToken token, long least, long most, String unit) {
    if (token == JsonToken.VALUE_NUMBER_INT
        && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      long value = json.getLongValue();
      if (value >= least && value <= most) {
        return value;
      }
    }
    throw wrong(
        "%s is %s; write a whole number of %d to %d%s"
            .formatted(name, shown(token), least, most, unit.isEmpty() ? "" : ", in " + unit));
  }

  private String shown(JsonToken token) {
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      default -> {
        String text = json.getString();
        yield text.length() > 40 ? text.substring(0, 40) + "…" : text;
      }
    };
  }

  private void requirePresent(String name, long value) {
    if (value == ABSENT) {
      throw wrong("has no " + name + "; write " + EXAMPLE);
    }
  }

  private MembraneException wrong(String what) {
    return new MembraneException(
        ErrorCode.MALFORMED_REQUEST, "line %d: %s".formatted(number, what));
  }
}
