package io.membrane.worker;

import static java.util.Objects.requireNonNull;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.membrane.block.BlockHash;
import io.membrane.block.BlockHasher;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Namespace;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.Frame;
import io.membrane.rpc.FrameReader;
import io.membrane.rpc.FrameWriter;
import io.membrane.rpc.Problem;
import io.membrane.rpc.WireJson;
import io.membrane.wire.DirectoryClient.DescribeRequest;
import io.membrane.wire.DirectoryClient.Described;
import io.membrane.wire.DirectoryClient.Description;
import io.membrane.wire.DirectoryClient.ResolvedNamespace;
import io.membrane.wire.FragmentClient;
import io.membrane.wire.NamespaceRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * directory-service and fragment-service as far as the worker calls them: a real server that speaks
 * the wire over a map. The root of a namespace is salted with the tenant's name.
 */
final class Peers implements AutoCloseable {

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<FragmentKey, Frame> fragments = new ConcurrentHashMap<>();
  private final Map<BlockHash, Told> described = new ConcurrentHashMap<>();
  private final Map<String, String> traces = new ConcurrentHashMap<>();
  private volatile @Nullable ErrorCode getFault;
  private volatile @Nullable ErrorCode putFault;
  private volatile int putsBeforeFault;
  private final AtomicInteger getsToStall = new AtomicInteger();
  private volatile @Nullable ErrorCode describeFault;
  private volatile CountDownLatch describeGate = new CountDownLatch(0);
  private volatile CountDownLatch getGate = new CountDownLatch(0);
  private volatile UnaryOperator<byte[]> answerFault = UnaryOperator.identity();

  Peers() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/v1/namespaces/resolve", this::resolve);
    server.createContext("/v1/fragments/exists", this::exists);
    server.createContext("/v1/fragments/batch-get", this::batchGet);
    server.createContext("/v1/fragments/batch-put", this::batchPut);
    server.createContext("/v1/directory/chunks", this::describe);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  String url() {
    return "http://127.0.0.1:" + port();
  }

  /** Forgets everything, faults too. */
  void reset() {
    fragments.clear();
    described.clear();
    traces.clear();
    describeFault = null;
    describeGate.countDown();
    getGate.countDown();
    getFault = null;
    putFault = null;
    getsToStall.set(0);
    answerFault = UnaryOperator.identity();
  }

  /** What is stored, to be looked at and tampered with. */
  Map<FragmentKey, Frame> fragments() {
    return fragments;
  }

  /** A description and who gave it. */
  record Told(String tenant, NamespaceRequest namespace, Description description) {}

  /** What was described, by block. */
  Map<BlockHash, Told> described() {
    return described;
  }

  /** The {@code traceparent} of the last call of each path that had one. */
  Map<String, String> traces() {
    return traces;
  }

  private void trace(HttpExchange exchange) {
    String parent = exchange.getRequestHeaders().getFirst("traceparent");
    if (parent != null) {
      traces.put(exchange.getRequestURI().getPath(), parent);
    }
  }

  void failDescriptions(ErrorCode code) {
    describeFault = code;
  }

  /** Descriptions get no answer until the gate is counted down. */
  void holdDescriptions(CountDownLatch gate) {
    describeGate = gate;
  }

  /** Fragments get no answer until the gate is counted down. */
  void holdGets(CountDownLatch gate) {
    getGate = gate;
  }

  void failGets(ErrorCode code) {
    getFault = code;
  }

  void failPutsOfEachFragment(ErrorCode code) {
    failPutsAfter(0, code);
  }

  /** So many fragments are stored, those that follow fail. */
  void failPutsAfter(int fragments, ErrorCode code) {
    putsBeforeFault = fragments;
    putFault = code;
  }

  /** So many of the next batch-gets get no answer. */
  void stallGets(int calls) {
    getsToStall.set(calls);
  }

  /** Cuts every answer of batch-get and batch-put short. */
  void cutAnswers(int bytes) {
    answerFault = answer -> Arrays.copyOf(answer, Math.max(0, answer.length - bytes));
  }

  static BlockHash root(Namespace namespace, String tenant) {
    return BlockHasher.root(namespace, tenant);
  }

  private void resolve(HttpExchange exchange) throws IOException {
    Namespace namespace =
        WireJson.mapper().readValue(exchange.getRequestBody().readAllBytes(), Namespace.class);
    String tenant = exchange.getRequestHeaders().getFirst(CallContext.TENANT_HEADER);
    ResolvedNamespace answer = new ResolvedNamespace(namespace, root(namespace, tenant));
    answer(exchange, 200, "application/json", WireJson.mapper().writeValueAsBytes(answer));
  }

  private void describe(HttpExchange exchange) throws IOException {
    DescribeRequest request =
        WireJson.mapper()
            .readValue(exchange.getRequestBody().readAllBytes(), DescribeRequest.class);
    awaitOpen(describeGate);
    ErrorCode fault = describeFault;
    if (fault != null) {
      refuse(exchange, fault);
      return;
    }
    String tenant = exchange.getRequestHeaders().getFirst(CallContext.TENANT_HEADER);
    for (Description block : request.blocks()) {
      described.put(
          block.blockHash(), new Told(tenant, requireNonNull(request.namespace()), block));
    }
    Described answer = new Described("1-0", List.of());
    answer(exchange, 202, "application/json", WireJson.mapper().writeValueAsBytes(answer));
  }

  private static void awaitOpen(CountDownLatch gate) {
    try {
      gate.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void exists(HttpExchange exchange) throws IOException {
    FragmentClient.Keys asked =
        WireJson.mapper()
            .readValue(exchange.getRequestBody().readAllBytes(), FragmentClient.Keys.class);
    ErrorCode fault = getFault;
    if (fault != null) {
      refuse(exchange, fault);
      return;
    }
    List<Boolean> present = asked.keys().stream().map(fragments::containsKey).toList();
    int hole = present.indexOf(false);
    FragmentClient.Existence answer =
        new FragmentClient.Existence(present, hole < 0 ? present.size() : hole);
    answer(exchange, 200, "application/json", WireJson.mapper().writeValueAsBytes(answer));
  }

  private void batchGet(HttpExchange exchange) throws IOException {
    trace(exchange);
    FragmentClient.Keys wanted =
        WireJson.mapper()
            .readValue(exchange.getRequestBody().readAllBytes(), FragmentClient.Keys.class);
    if (getsToStall.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      return;
    }
    awaitOpen(getGate);
    ErrorCode fault = getFault;
    if (fault != null) {
      refuse(exchange, fault);
      return;
    }
    List<Frame> answers = new ArrayList<>();
    for (FragmentKey key : wanted.keys()) {
      Frame stored = fragments.get(key);
      answers.add(stored != null ? stored : failed(key, ErrorCode.FRAGMENT_NOT_FOUND));
    }
    answerFrames(exchange, answers);
  }

  private void batchPut(HttpExchange exchange) throws IOException {
    trace(exchange);
    List<Frame> answers = new ArrayList<>();
    try (InputStream body = exchange.getRequestBody()) {
      FrameReader frames = new FrameReader(body, 1 << 24, FragmentClient.MAX_KEYS);
      for (Frame frame = frames.next(); frame != null; frame = frames.next()) {
        answers.add(put(frame));
      }
    }
    answerFrames(exchange, answers);
  }

  private Frame put(Frame frame) {
    FragmentKey key = frame.header().key();
    ErrorCode fault = putFault;
    if (fault != null && fragments.size() >= putsBeforeFault) {
      return failed(key, fault);
    }
    ContentDigest digest = ContentDigest.of(frame.body());
    if (!digest.equals(frame.header().digest())) {
      return failed(key, ErrorCode.DIGEST_MISMATCH);
    }
    Frame before = fragments.putIfAbsent(key, frame);
    if (before != null && !Arrays.equals(before.body(), frame.body())) {
      return failed(key, ErrorCode.FRAGMENT_CONFLICT);
    }
    return before == null
        ? Frame.stored(201, key, digest, "7-" + fragments.size())
        : Frame.stored(200, key, digest, "3-0");
  }

  private static Frame failed(FragmentKey key, ErrorCode code) {
    return Frame.failed(key, Problem.of(code, "as the test wants it", null));
  }

  private void answerFrames(HttpExchange exchange, List<Frame> answers) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    FrameWriter frames = new FrameWriter(out);
    for (Frame frame : answers) {
      frames.write(frame);
    }
    frames.end();
    answer(exchange, 200, Frame.MEDIA_TYPE, answerFault.apply(out.toByteArray()));
  }

  private static void refuse(HttpExchange exchange, ErrorCode code) throws IOException {
    Problem problem = Problem.of(code, "as the test wants it", null);
    answer(
        exchange, code.status(), Problem.MEDIA_TYPE, WireJson.mapper().writeValueAsBytes(problem));
  }

  private static void answer(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.close();
  }
}
