@NullMarked
package io.membrane.reconstruction.session;

import org.jspecify.annotations.NullMarked;
