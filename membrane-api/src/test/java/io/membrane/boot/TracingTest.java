package io.membrane.boot;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.membrane.boot.ServiceDefaultsTest.SmallService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.SpanExporters;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** What operators switch on: exported spans and JSON logs; both are off by default. */
@ExtendWith(OutputCaptureExtension.class)
class TracingTest {

  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

  private final BlockingQueue<String> exported = new LinkedBlockingQueue<>();
  private final HttpServer collector = collector();

  @AfterEach
  void stop() {
    collector.stop(0);
  }

  @Test
  void spansGoToTheCollectorOnceItIsConfigured() throws Exception {
    try (ConfigurableApplicationContext service = start(exportEverything())) {
      call(service, "/context");
    }
    assertThat(exported.poll(10, TimeUnit.SECONDS)).startsWith("/v1/traces");
  }

  @Test
  void spansNameTheRouteAndNotWhatWasAskedOfIt() throws Exception {
    try (ConfigurableApplicationContext service = start(exportEverything())) {
      call(service, "/bug?q=from-the-query");
    }
    assertThat(exported.poll(10, TimeUnit.SECONDS))
        .contains("http get /bug")
        .doesNotContain("http.url", "secret detail", "from-the-query");
  }

  @Test
  void nothingIsExportedByDefault() throws Exception {
    try (ConfigurableApplicationContext service =
        start("--management.tracing.sampling.probability=1.0")) {
      call(service, "/context");
      assertThat(service.getBean(SpanExporters.class).list()).isEmpty();
    }
  }

  @Test
  void jsonLogsCarryTheTraceId(CapturedOutput output) throws Exception {
    try (ConfigurableApplicationContext service =
        start("--logging.structured.format.console=ecs")) {
      call(service, "/bug");
    }
    assertThat(output.getOut().lines())
        .anySatisfy(line ->
            assertThat(line)
                .startsWith("{")
                .contains("unexpected error")
                .contains("\"trace_id\":\"" + TRACE)
                .contains("\"span_id\":\"")
                .contains("\"tenant\":\"default\""));
  }

  @Test
  void whatTomcatCannotParseIsNotLogged(CapturedOutput output) throws Exception {
    try (ConfigurableApplicationContext service = start();
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(service))) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write("GET /from-the-line{} HTTP/1.1\r\n\r\n".getBytes(US_ASCII));
      assertThat(new String(socket.getInputStream().readNBytes(12), US_ASCII))
          .isEqualTo("HTTP/1.1 400");
    }
    assertThat(output.getAll()).doesNotContain("from-the-line");
  }

  private String[] exportEverything() {
    return new String[] {
      "--management.tracing.sampling.probability=1.0",
      "--management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:"
          + collector.getAddress().getPort()
          + "/v1/traces"
    };
  }

  private static ConfigurableApplicationContext start(String... arguments) {
    SpringApplication application = new SpringApplication(SmallService.class);
    String[] all = new String[arguments.length + 2];
    all[0] = "--spring.config.import=classpath:membrane-defaults.properties";
    all[1] = "--server.port=0";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return application.run(all);
  }

  private static int port(ConfigurableApplicationContext service) {
    return service.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
  }

  private static void call(ConfigurableApplicationContext service, String path)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port(service) + path))
            .header("traceparent", "00-" + TRACE + "-00f067aa0ba902b7-01")
            .timeout(Duration.ofSeconds(10))
            .build();
    assertThat(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).statusCode())
        .isIn(200, 500);
  }

  private HttpServer collector() {
    try {
      HttpServer http =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      http.createContext(
          "/",
          exchange -> {
            byte[] spans = exchange.getRequestBody().readAllBytes();
            exported.add(exchange.getRequestURI() + " " + new String(spans, ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      http.start();
      return http;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
