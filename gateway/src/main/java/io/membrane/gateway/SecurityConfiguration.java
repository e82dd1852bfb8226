package io.membrane.gateway;

import io.membrane.boot.ProblemWriter;
import io.membrane.boot.StartupProblem;
import io.membrane.gateway.identity.AuditFilter;
import io.membrane.gateway.identity.Callers;
import io.membrane.gateway.identity.IssuerTokens;
import io.membrane.gateway.identity.KeyBook;
import io.membrane.gateway.identity.Keys;
import io.membrane.gateway.identity.Refusals;
import io.membrane.gateway.identity.SecurityProperties;
import io.membrane.gateway.identity.TenantFilter;
import io.membrane.gateway.limits.LimitFilter;
import io.membrane.gateway.limits.LimitProperties;
import io.membrane.gateway.limits.LiveLimits;
import io.membrane.gateway.limits.SharedLimits;
import io.membrane.gateway.routing.GatewayMetric;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.tracing.Tracer;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.security.authentication.AuthenticationManagerResolver;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.oauth2.server.resource.web.DefaultBearerTokenResolver;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.security.web.util.matcher.OrRequestMatcher;

/** Who comes in: what each request passes before it is routed, from the outside in. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({SecurityProperties.class, LimitProperties.class})
class SecurityConfiguration {

  /**
   * Inside observation (−2³¹+1), so that a refusal has a trace id; Spring Security is next (+3).
   */
  private static final int AUDIT = Ordered.HIGHEST_PRECEDENCE + 2;

  /** Before the request context is read from the headers (+10). */
  private static final int TENANT = Ordered.HIGHEST_PRECEDENCE + 5;

  private static final int LIMITS = Ordered.HIGHEST_PRECEDENCE + 12;

  private static final Logger log = LoggerFactory.getLogger(SecurityConfiguration.class);

  @Bean
  Callers callers(
      SecurityProperties properties,
      ObjectProvider<KeyBook> book,
      Environment environment,
      MeterRegistry meters) {
    boolean anonymous = properties.checked(book.getIfAvailable() != null).anonymous();
    checkManagement(environment);
    if (anonymous) {
      log.warn(
          "membrane.gateway.security.anonymous=true: whoever reaches this port may do everything");
    }
    Gauge.builder(GatewayMetric.ANONYMOUS.id(), () -> anonymous ? 1 : 0).register(meters);
    return new Callers(anonymous);
  }

  @Bean
  Keys keys(SecurityProperties properties, ObjectProvider<KeyBook> book, Clock clock) {
    return new Keys(book.getIfAvailable(), properties.bootstrapKeyFile(), clock);
  }

  @Bean
  Refusals refusals(ProblemWriter problems, Callers callers) {
    return new Refusals(problems, callers);
  }

  /** What is behind the port of its own; on the public one these paths are nobody's. */
  @Bean
  @Order(1)
  SecurityFilterChain management(HttpSecurity http) {
    return plain(http)
        .securityMatcher(
            new OrRequestMatcher(EndpointRequest.toAnyEndpoint(), EndpointRequest.toLinks()))
        .authorizeHttpRequests(all -> all.anyRequest().permitAll())
        .build();
  }

  @Bean
  @Order(2)
  SecurityFilterChain everythingElse(
      HttpSecurity http, SecurityProperties properties, Keys keys, Refusals refusals) {
    plain(http)
        .exceptionHandling(e -> e.authenticationEntryPoint(refusals).accessDeniedHandler(refusals))
        .authorizeHttpRequests(all -> all.anyRequest().access(refusals));
    if (!properties.anonymous()) {
      http.addFilterBefore(bearer(properties, keys, refusals), AnonymousAuthenticationFilter.class);
    }
    return http.build();
  }

  /** A request has one span here, none for each chain and decision; refusals are counted anyway. */
  @Bean
  SecurityObservationSettings securityObservations() {
    return SecurityObservationSettings.noObservations();
  }

  /** Percent signs are legal in keys; what they would hide twice is decoded once by the service. */
  @Bean
  StrictHttpFirewall httpFirewall() {
    StrictHttpFirewall firewall = new StrictHttpFirewall();
    firewall.setAllowUrlEncodedPercent(true);
    firewall.setUnsafeAllowAnyHttpMethod(true);
    return firewall;
  }

  @Bean
  FilterRegistrationBean<AuditFilter> auditFilter(
      ObjectProvider<Tracer> tracer, MeterRegistry meters, Clock clock) {
    return at(AUDIT, new AuditFilter(tracer.getIfAvailable(), meters, clock));
  }

  @Bean
  FilterRegistrationBean<TenantFilter> tenantFilter() {
    return at(TENANT, new TenantFilter());
  }

  @Bean
  FilterRegistrationBean<LimitFilter> limitFilter(
      LimitProperties properties, ObjectProvider<SharedLimits> shared, ProblemWriter problems) {
    SharedLimits counts = shared.getIfAvailable();
    return at(LIMITS, new LimitFilter(properties.checked(counts != null), counts, problems));
  }

  @Bean
  LiveLimits liveLimits(
      FilterRegistrationBean<LimitFilter> limitFilter, ObjectProvider<SharedLimits> shared) {
    return new LiveLimits(
        Objects.requireNonNull(limitFilter.getFilter()), shared.getIfAvailable() != null);
  }

  /** No session, no form, no header but one: Spring Security's defaults are for browsers. */
  private static HttpSecurity plain(HttpSecurity http) {
    return http.sessionManagement(s -> s.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .csrf(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .headers(h -> h.defaultsDisabled().contentTypeOptions(Customizer.withDefaults()));
  }

  private static BearerTokenAuthenticationFilter bearer(
      SecurityProperties properties, Keys keys, Refusals refusals) {
    IssuerTokens tokens = properties.issuer() == null ? null : new IssuerTokens(properties);
    DefaultBearerTokenResolver header = new DefaultBearerTokenResolver();
    AuthenticationManagerResolver<HttpServletRequest> byForm =
        request -> {
          String token = header.resolve(request);
          return tokens == null || (token != null && Keys.isKey(token)) ? keys : tokens;
        };
    BearerTokenAuthenticationFilter filter = new BearerTokenAuthenticationFilter(byForm);
    filter.setAuthenticationFailureHandler(refusals);
    filter.setAuthenticationEntryPoint(refusals::onAuthenticationFailure);
    return filter;
  }

  private static <T extends Filter> FilterRegistrationBean<T> at(int order, T filter) {
    FilterRegistrationBean<T> registration = new FilterRegistrationBean<>(filter);
    registration.setOrder(order);
    return registration;
  }

  /**
   * @throws StartupProblem if management would be on the public port
   */
  private static void checkManagement(Environment environment) {
    int own = environment.getProperty("management.server.port", Integer.class, 0);
    int open = environment.getProperty("server.port", Integer.class, 0);
    if (own != 0 && own == open) {
      throw new StartupProblem(
          "management.server.port is server.port, " + open + ": everybody could reach management",
          "Write another port for management.server.port.");
    }
  }
}
