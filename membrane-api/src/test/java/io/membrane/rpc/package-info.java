@NullMarked
package io.membrane.rpc;

import org.jspecify.annotations.NullMarked;
