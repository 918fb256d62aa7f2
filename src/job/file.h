/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a job, for the commands that take JOB.json. */
#ifndef JOB_FILE_H
#define JOB_FILE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/* Reads all of the file, or of standard input for "-"; more than JSON_MAX_BYTES is refused. The
 * text is the arena's and ends with a NUL that size does not count. */
int job_file_read(struct arena *arena, const char *path, const char **ret_text, size_t *ret_size,
                  struct error *err) MUST_CHECK;

/* What messages call the file: its path, or "stdin". */
const char *job_file_name(const char *path);

#endif
