package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.Namespace;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.directory.feed.LogTail;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.Event;
import io.membrane.wire.DirectoryClient.EventBatch;
import io.membrane.wire.DirectoryClient.EventType;
import io.membrane.wire.LogPosition;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Blocks of prompts, and what nodes say of them, in blocks of 4 tokens. */
final class Prompts {

  static final Namespace NAMESPACE = new Namespace("tiny-llama", "r1", "f32", 4);
  static final Slice SLICE = Slice.attention(2);

  private Prompts() {}

  static List<BlockHash> chain(Namespace namespace, String salt, Tokens tokens) {
    return BlockHasher.chain(BlockHasher.root(namespace, salt), namespace.blockTokens(), tokens);
  }

  static List<BlockHash> chain(Tokens tokens) {
    return chain(NAMESPACE, "", tokens);
  }

  static Event stored(
      Namespace namespace, List<BlockHash> chain, int index, @Nullable Long expiresAtMs) {
    int size = namespace.blockTokens();
    return new Event(
        EventType.STORED,
        namespace,
        chain.get(index),
        index == 0 ? null : chain.get(index - 1),
        SLICE,
        64L,
        "memory",
        new TokenSpan(size * index, size * index + size),
        expiresAtMs);
  }

  static List<Event> stored(List<BlockHash> chain) {
    return IntStream.range(0, chain.size())
        .mapToObj(i -> stored(NAMESPACE, chain, i, null))
        .toList();
  }

  /** Tells a directory what happened at a node, and waits until it knows; the position of that. */
  static String tell(
      Service service, String tenant, String node, long epoch, long sequence, List<Event> events) {
    String body = json(new EventBatch(node, "c1", epoch, sequence, events));
    String position =
        Service.ok(service.postAs(tenant, Service.EVENTS, body)).get("log_position").asString();
    awaits(service, position);
    return position;
  }

  /** Waits until a directory knows what the log says up to a position. */
  static void awaits(Service service, String position) {
    LogPosition wanted = LogPosition.parse(position);
    assertThat(service.bean(LogTail.class).await(wanted, Duration.ofSeconds(20))).isTrue();
  }

  static HttpResponse<String> put(Service service, String tenant, String path, String body) {
    return service.send(
        HttpRequest.newBuilder(service.uri(path))
            .header("Content-Type", "application/json")
            .header(CallContext.TENANT_HEADER, tenant)
            .PUT(BodyPublishers.ofString(body)));
  }

  static void notes(Service service, String tenant, String session, Object context) {
    HttpResponse<String> answer =
        put(service, tenant, "/v1/directory/contexts/" + session, json(context));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(204);
  }

  static String json(Object value) {
    return WireJson.mapper().writeValueAsString(value);
  }
}
