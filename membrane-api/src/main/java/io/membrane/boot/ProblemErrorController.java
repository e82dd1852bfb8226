package io.membrane.boot;

import io.membrane.rpc.ErrorCode;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Errors from before or behind the endpoints, as problem documents too. */
@RestController
@io.swagger.v3.oas.annotations.Hidden
final class ProblemErrorController implements ErrorController {

  private final ProblemWriter problems;

  ProblemErrorController(ProblemWriter problems) {
    this.problems = problems;
  }

  @RequestMapping("${spring.web.error.path:/error}")
  ResponseEntity<Object> error(HttpServletRequest request) {
    Object status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
    Object message = request.getAttribute(RequestDispatcher.ERROR_MESSAGE);
    int code = status instanceof Integer known ? known : 404;
    String detail =
        message instanceof String text && !text.isBlank() && code < 500
            ? text
            : "HTTP status " + code;
    return problems.entity(ErrorCode.ofStatus(code), detail);
  }
}
