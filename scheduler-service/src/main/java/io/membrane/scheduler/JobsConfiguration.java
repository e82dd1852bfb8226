package io.membrane.scheduler;

import io.membrane.rpc.CallContext;
import io.membrane.scheduler.jobs.JobSettings;
import io.membrane.scheduler.jobs.Jobs;
import io.membrane.scheduler.redis.RedisCalls;
import io.membrane.scheduler.request.SimulationRequests;
import io.membrane.scheduler.request.Traces;
import io.membrane.scheduler.trace.TraceStore;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Traces, simulations in the background, and their end at a shutdown. */
@Configuration(proxyBeanMethods = false)
class JobsConfiguration {

  @Bean
  TraceStore traceStore(RedisCalls redis) {
    return new TraceStore(redis);
  }

  /** Traces that plans and simulations name are the caller's own. */
  @Bean
  Traces traces(TraceStore store) {
    return id -> store.trace(CallContext.tenantOfCall(), id);
  }

  @Bean
  Simulator simulator(Traces traces, PlanThreads threads) {
    return new Simulator(new SimulationRequests(traces), threads);
  }

  @Bean(destroyMethod = "")
  Jobs jobs(RedisCalls redis, Clock clock, MeterRegistry meters) {
    Jobs jobs =
        new Jobs(
            redis,
            JobSettings.DEFAULT,
            clock,
            status ->
                meters
                    .counter(
                        SchedulerMetric.SIMULATIONS.id(), "status", SchedulerMetric.tag(status))
                    .increment());
    Gauge.builder(SchedulerMetric.SIMULATIONS_UNDER_WAY.id(), jobs, Jobs::underWay)
        .register(meters);
    return jobs;
  }

  @Bean(destroyMethod = "")
  SimulationEvents simulationEvents(Jobs jobs) {
    return new SimulationEvents(jobs);
  }

  /** Ends streams and jobs first of all: while the server still answers and Redis is connected. */
  @Bean
  SmartLifecycle endOfJobs(Jobs jobs, SimulationEvents events) {
    return new SmartLifecycle() {

      private volatile boolean running;

      @Override
      public void start() {
        running = true;
      }

      @Override
      public void stop() {
        jobs.close();
        events.close();
        running = false;
      }

      @Override
      public boolean isRunning() {
        return running;
      }
    };
  }
}
