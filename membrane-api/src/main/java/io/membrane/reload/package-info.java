/**
 * Settings that change while a service runs: those of one mounted file.
 *
 * <p>{@link io.membrane.reload.LiveFile} reads it, {@link io.membrane.reload.LiveFileWatch} looks
 * at it again and again, and each {@link io.membrane.reload.LiveSettings} puts its own in force.
 */
@NullMarked
package io.membrane.reload;

import org.jspecify.annotations.NullMarked;
