package io.membrane.gateway.routing;

import io.membrane.boot.BrokenTransferValve;
import io.membrane.boot.ProblemWriter;
import io.membrane.rpc.CallContext;
import io.membrane.rpc.ErrorCode;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.LongConsumer;
import org.apache.hc.core5.http.HttpEntity;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * A service's answer as it goes to the caller, piece by piece. What breaks off on one side breaks
 * off on the other: a problem document while nothing has been sent, a cut connection after that,
 * never a shorter answer that looks whole.
 */
final class StreamedAnswer implements ServerResponse {

  private static final Logger log = LoggerFactory.getLogger(StreamedAnswer.class);

  private final Answer answer;
  private final ProblemWriter problems;
  private final Traffic traffic;
  private final HttpHeaders headers = new HttpHeaders();

  StreamedAnswer(Answer answer, ProblemWriter problems, Traffic traffic) {
    this.answer = answer;
    this.problems = problems;
    this.traffic = traffic;
  }

  @Override
  public HttpStatusCode statusCode() {
    return HttpStatusCode.valueOf(answer.response().getCode());
  }

  @Override
  public HttpHeaders headers() {
    return headers;
  }

  @Override
  public MultiValueMap<String, Cookie> cookies() {
    return new LinkedMultiValueMap<>();
  }

  @Override
  public @Nullable ModelAndView writeTo(
      HttpServletRequest request, HttpServletResponse response, Context context)
      throws IOException {
    try (answer) {
      response.setStatus(answer.response().getCode());
      headers.forEach((name, values) -> values.forEach(value -> response.addHeader(name, value)));
      HttpEntity body = answer.response().getEntity();
      if (body != null) {
        copy(body, request, response);
      }
    }
    return null;
  }

  private void copy(HttpEntity body, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    LongConsumer counter = traffic.answerBytes(answer.service());
    long missing = body.getContentLength();
    byte[] buffer = new byte[Backends.BUFFER_BYTES];
    InputStream in = body.getContent();
    OutputStream out = response.getOutputStream();
    while (true) {
      int n;
      try {
        n = in.read(buffer);
      } catch (IOException e) {
        brokenByService(request, response, e);
        return;
      }
      if (n < 0) {
        return;
      }
      answer.limit().sign();
      missing -= n;
      try {
        out.write(buffer, 0, n);
        if (missing != 0 && in.available() == 0) {
          out.flush();
        }
      } catch (IOException e) {
        log.debug("the caller has left", e);
        answer.abort();
        BrokenTransferValve.cut(request);
        return;
      }
      counter.accept(n);
    }
  }

  private void brokenByService(
      HttpServletRequest request, HttpServletResponse response, IOException e) throws IOException {
    if (CallContext.isCancelled()) {
      log.debug("the caller has left", e);
      answer.abort();
      BrokenTransferValve.cut(request);
      return;
    }
    String name = answer.service().serviceName();
    boolean late = answer.request().isAborted();
    answer.abort();
    log.warn("{} {} in the middle of an answer", name, late ? "ran out of time" : "broke off", e);
    traffic.brokenAnswer(answer.service());
    if (response.isCommitted()) {
      BrokenTransferValve.cut(request);
      return;
    }
    problems.write(
        late ? ErrorCode.DEADLINE_EXCEEDED : ErrorCode.DEPENDENCY_UNAVAILABLE,
        name + (late ? " did not finish its answer in time" : " broke off its answer; try again"),
        response);
  }
}
