package io.membrane.fragment.inventory;

/** A question, and the work that it is a part of. */
record Asked(Work work, Question question) {}
