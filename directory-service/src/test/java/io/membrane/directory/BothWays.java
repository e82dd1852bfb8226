package io.membrane.directory;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * A route whose plain requests are answered before Spring MVC, and the same request that is not.
 */
final class BothWays {

  private final Service service;
  private final String path;
  private final String metric;

  /**
   * @param metric the timer of what is answered the short way, as Prometheus has it
   */
  BothWays(Service service, String path, String metric) {
    this.service = service;
    this.path = path;
    this.metric = metric;
  }

  HttpResponse<String> shortWay(String body) {
    return service.post(path, body);
  }

  /** A query, which says nothing to the endpoint, keeps a request from the short way. */
  HttpResponse<String> longWay(String body) {
    return service.post(path + "?long", body);
  }

  /**
   * Both answers have the same status and type and, where they are no problems, say the same: all
   * of it, or in these fields.
   */
  void answerTheSame(String body, String... fields) {
    HttpResponse<String> brief = shortWay(body);
    HttpResponse<String> whole = longWay(body);
    assertThat(brief.statusCode()).as(body).isEqualTo(whole.statusCode());
    assertThat(brief.headers().firstValue("content-type"))
        .isEqualTo(whole.headers().firstValue("content-type"));
    JsonNode told = Service.json(brief);
    JsonNode wanted = Service.json(whole);
    if (brief.statusCode() < 400 && fields.length == 0) {
      assertThat(told).as(body).isEqualTo(wanted);
    }
    Stream.concat(Stream.of(fields), Stream.of("code", "detail"))
        .forEach(field -> assertThat(told.get(field)).as(body).isEqualTo(wanted.get(field)));
  }

  /** Requests that were answered the short way. */
  long brief() {
    return service
        .get("/actuator/prometheus")
        .body()
        .lines()
        .filter(line -> line.startsWith(metric + "_seconds_count"))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
