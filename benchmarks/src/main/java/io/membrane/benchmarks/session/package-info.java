/** Sessions of a trace, and what foreseeing their turns is worth. */
@NullMarked
package io.membrane.benchmarks.session;

import org.jspecify.annotations.NullMarked;
