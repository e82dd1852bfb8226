package io.membrane.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.membrane.boot.ServiceDefaultsTest.SmallService;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
    try (ConfigurableApplicationContext service =
        start(
            "--management.tracing.export.otlp.enabled=true",
            "--management.tracing.sampling.probability=1.0",
            "--management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:"
                + collector.getAddress().getPort()
                + "/v1/traces")) {
      call(service, "/context");
    }
    assertThat(exported.poll(10, TimeUnit.SECONDS)).isEqualTo("/v1/traces");
  }

  @Test
  void nothingIsExportedByDefault() throws Exception {
    try (ConfigurableApplicationContext service =
        start(
            "--management.tracing.sampling.probability=1.0",
            "--management.opentelemetry.tracing.export.otlp.endpoint=http://127.0.0.1:"
                + collector.getAddress().getPort()
                + "/v1/traces")) {
      call(service, "/context");
    }
    assertThat(exported).isEmpty();
  }

  @Test
  void jsonLogsCarryTheTraceId(CapturedOutput output) throws Exception {
    try (ConfigurableApplicationContext service =
        start("--logging.structured.format.console=ecs")) {
      call(service, "/bug");
    }
    assertThat(output.getOut().lines())
        .anySatisfy(
            line -> assertThat(line).startsWith("{").contains("unexpected error").contains(TRACE));
  }

  private static ConfigurableApplicationContext start(String... arguments) {
    SpringApplication application = new SpringApplication(SmallService.class);
    String[] all = new String[arguments.length + 2];
    all[0] = "--spring.config.import=classpath:membrane-defaults.properties";
    all[1] = "--server.port=0";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return application.run(all);
  }

  private static void call(ConfigurableApplicationContext service, String path)
      throws IOException, InterruptedException {
    String port = service.getEnvironment().getRequiredProperty("local.server.port");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
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
            exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
            exported.add(exchange.getRequestURI().getPath());
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
