@NullMarked
package io.membrane.directory.semantic;

import org.jspecify.annotations.NullMarked;
