/** Plans as people ask for them: JSON, the bundled profiles, and what they mean to the model. */
@NullMarked
package io.membrane.scheduler.request;

import org.jspecify.annotations.NullMarked;
