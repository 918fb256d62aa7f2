/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What functions have printed: CloudWatch Logs' groups "/aws/lambda/NAME", each a folder NAME below
 * DATA/logs.
 *
 * A group's events stand in the order of their arrival in files 00000001.log, 00000002.log …; the
 * oldest file goes when there are too many, so that a group has at most LOGS_GROUP_MAX bytes. No
 * number is used twice by a group, also when it was deleted and comes back: DATA/logs/.last has the
 * highest one of deleted groups. So a position never means another place later. An event is a line
 * of text about it, then the message and a newline:
 *
 *     1700000000123 17 c7c10e80-… 2026/01/31/[$LATEST]0123…
 *     the message, of that many bytes
 *
 * Writers append whole events with one write(). So anybody may read while a server writes, also
 * another process: logs_open() is all that it takes, and no lock is shared. What was cut by a crash
 * is passed over.
 */
#ifndef FUNCTION_LOGS_H
#define FUNCTION_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define LOGS_GROUP_PREFIX "/aws/lambda/"

enum {
    LOGS_FILE_MAX = 8 << 20,
    LOGS_FILES_MAX = 8,
    LOGS_GROUP_MAX = LOGS_FILE_MAX * LOGS_FILES_MAX,
    LOGS_MESSAGE_MAX = 256 * 1024, /* longer ones become several */
    LOGS_STREAM_MAX = 128,
    LOGS_READ_MAX = 1 << 20, /* bytes of messages that logs_read() returns at once */
};

struct logs;

/* `folder`: DATA/logs; it need not be there. Thread-safe. */
int logs_open(struct logs **ret, const char *folder, struct error *err) MUST_CHECK;
void logs_free(struct logs **logs);

struct log_event {
    int64_t position; /* where it ends in its group: grows; names it (eventId); set by reading */
    int64_t at_ms;    /* since 1970 */
    const char *message;
    size_t size;            /* of message, which has no newline at its end */
    const char *stream;     /* "2026/01/31/[$LATEST]0123…" */
    const char *invocation; /* its request id; "" outside of any */
};

/* `group` is NAME, a function's. */
int logs_append(struct logs *logs, const char *group, const struct log_event *events, int count,
                struct error *err) MUST_CHECK;

struct log_query {
    const char *group;      /* NAME */
    const char *stream;     /* only of this one; NULL: all */
    const char *invocation; /* only of this request id; NULL: all */
    const char *prefix;     /* only of streams that begin so; NULL: all */
    int64_t from_ms, to_ms; /* from_ms <= at < to_ms, this only if `ends` */
    bool ends;
    const char *pattern; /* see log_pattern_check(); NULL or "": all */
    int64_t after;       /* a position: what stands behind it; 0: from the start. One whose
                          * file is gone is the start, too. */
    int max;             /* events at most; fewer where they have LOGS_READ_MAX bytes */
    bool newest;         /* the last `max` rather than the first, in the same order */
};

/* What has been asked for, in the order of its arrival. *ret_end is the position to go on from
 * (`after`), also to follow what is yet to come; *ret_more: it has not come to the end (or, with
 * `newest`, to the start). No such group: ERROR_NOT_FOUND. */
int logs_read(struct logs *logs, const struct log_query *query, struct arena *arena,
              struct log_event **ret, int *ret_count, int64_t *ret_end, bool *ret_more,
              struct error *err) MUST_CHECK;

/*
 * CloudWatch's filter patterns for text, matched against the message, with its case:
 *
 *   one two     both are in it      "one two"   these words together; \" and \\ inside
 *   -one        it is not in it     ?one ?two   one of them is
 *
 * Patterns for JSON ({ … }), columns ([ … ]) and regular expressions (%…%) are refused:
 * ERROR_BAD_REQUEST.
 */
int log_pattern_check(const char *pattern, struct error *err) MUST_CHECK;
bool log_pattern_matches(const char *pattern, const char *message, size_t size);

struct log_group {
    const char *name;   /* NAME */
    int64_t created_us; /* its first event's, or its last change without one */
    int64_t bytes;      /* on disk */
};

/* All groups whose names begin with `prefix`, sorted. */
int logs_groups(struct logs *logs, const char *prefix, struct arena *arena, struct log_group **ret,
                int *ret_count, struct error *err) MUST_CHECK;

struct log_stream {
    const char *name;
    int64_t first_ms, last_ms; /* of its events that are still there */
    int64_t events;
};

/* Of a group, those whose events came last first. ERROR_NOT_FOUND: no such group. */
int logs_streams(struct logs *logs, const char *group, struct arena *arena, struct log_stream **ret,
                 int *ret_count, struct error *err) MUST_CHECK;

/* CreateLogGroup; ERROR_CONFLICT: it exists. */
int logs_create(struct logs *logs, const char *group, struct error *err) MUST_CHECK;
/* ERROR_NOT_FOUND: no such group. It comes back with the next event. */
int logs_delete(struct logs *logs, const char *group, struct error *err) MUST_CHECK;

#endif
