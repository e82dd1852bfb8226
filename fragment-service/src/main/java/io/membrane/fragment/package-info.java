/** fragment-service: stores and serves the bytes. */
@NullMarked
package io.membrane.fragment;

import org.jspecify.annotations.NullMarked;
