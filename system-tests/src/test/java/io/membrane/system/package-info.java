/** The fleet as its users meet it: separate processes, real HTTP, real Redis, a real model. */
@NullMarked
package io.membrane.system;

import org.jspecify.annotations.NullMarked;
