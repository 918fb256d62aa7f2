/* SPDX-License-Identifier: Apache-2.0 */
/* struct batch_request as JSON text, as it is kept in the database. */
#ifndef STATUS_BATCH_REQUEST_H
#define STATUS_BATCH_REQUEST_H

#include "status/batch.h"

/* The same request gives the same text. The token, the priority and the builtin, which are columns,
 * are not in it. */
const char *batch_request_text(struct arena *arena, const struct batch_request *request);

/* ERROR_BUG: it is no such text. */
int batch_request_read(struct arena *arena, const char *text, struct batch_request *ret,
                       struct error *err) MUST_CHECK;

/* The same for what `builtin` does; NULL where it has no job. */
const char *batch_builtin_text(struct arena *arena, const struct batch_builtin *builtin);
int batch_builtin_read(struct arena *arena, const char *text, struct batch_builtin *ret,
                       struct error *err) MUST_CHECK;

#endif
