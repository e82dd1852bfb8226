package io.membrane.worker.batch;

/** What a schedule asks of a ticket is what it asks of its work. */
record TicketMeasures<S>() implements Turns.Measures<Ticket<S, ?>> {

  @Override
  public int kvTokens(Ticket<S, ?> ticket) {
    return ticket.work().kvTokens();
  }

  @Override
  public int remainingTokens(Ticket<S, ?> ticket) {
    return ticket.work().remainingTokens();
  }

  @Override
  public Work.Readiness readiness(Ticket<S, ?> ticket) {
    return ticket.work().readiness();
  }

  @Override
  public int nextTokens(Ticket<S, ?> ticket) {
    return ticket.work().nextTokens();
  }
}
