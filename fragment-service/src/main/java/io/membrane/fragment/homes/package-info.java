/** Whose memory a fragment belongs to, and what a change of the nodes asks for; plain Java. */
@NullMarked
package io.membrane.fragment.homes;

import org.jspecify.annotations.NullMarked;
