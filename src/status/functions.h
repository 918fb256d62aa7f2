/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lambda functions on record: their configuration, and which code they have. The code itself lies
 * in a folder that function/ keeps; records are made and changed by the calls of
 * function/function.h only, which see to both.
 */
#ifndef STATUS_FUNCTIONS_H
#define STATUS_FUNCTIONS_H

#include "status/status.h"

enum {
    FUNCTION_NO_LIMIT = -1, /* no reserved concurrency */
};

/* Strings are never NULL in what calls return. */
struct function_record {
    const char *name;
    const char *runtime, *handler, *role, *description;
    int timeout_s, memory_mib;
    int reserved;            /* ReservedConcurrentExecutions; FUNCTION_NO_LIMIT */
    const char *environment; /* Environment.Variables: a JSON object of strings */
    const char *rest; /* JSON object: what is echoed and changes nothing: Architectures … */
    const char *tags; /* JSON object of strings */
    const char *code_sha256; /* CodeSha256: base64 */
    int64_t code_size;       /* of the zip, in bytes */
    const char *revision;    /* RevisionId: a UUID, another one after each change */
    int64_t created_us, modified_us;
};

/* Everything but revision and times is the caller's; a role, description, environment, rest or
 * tags of NULL is an empty one. ERROR_CONFLICT: it exists. */
int status_function_create(struct status *status, const struct function_record *function,
                           struct arena *arena, struct function_record **ret,
                           struct error *err) MUST_CHECK;

int status_function_get(struct status *status, const char *name, struct arena *arena,
                        struct function_record **ret, struct error *err) MUST_CHECK;

/* All of the record as it is given, but strings of NULL, which stay as they are. `revision`: that
 * which the record must have still, else ERROR_CONFLICT; NULL: any. */
int status_function_update(struct status *status, const struct function_record *function,
                           struct arena *arena, struct function_record **ret,
                           struct error *err) MUST_CHECK;

int status_function_delete(struct status *status, const char *name, struct error *err) MUST_CHECK;

/* By name. */
int status_function_list(struct status *status, const struct page *page, struct arena *arena,
                         struct function_record ***ret, int *ret_count, const char **ret_next,
                         struct error *err) MUST_CHECK;

#endif
