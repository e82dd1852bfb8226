/** reconstruction-service: turns a prompt into a plan and carries it out. */
@NullMarked
package io.membrane.reconstruction;

import org.jspecify.annotations.NullMarked;
