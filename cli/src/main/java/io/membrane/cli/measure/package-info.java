/** What a running fleet does, measured from outside. */
@NullMarked
package io.membrane.cli.measure;

import org.jspecify.annotations.NullMarked;
