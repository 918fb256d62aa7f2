/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server says about itself: one line each on stderr, as names and values that people and
 * programs can read.
 *
 *   time=2026-03-01T12:00:00.123Z level=warn event=refused status=403 why="no signature"
 *
 * Only those who end a request, a job or the process write lines; everyone else returns errors.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* "error", "warn", "info", "debug"; NULL ends */
extern const char *const log_level_names[];

struct log {
    enum log_level level; /* what is beyond it is not written */
};

/* `event` is one word. Behind it stand names and values, both strings, and NULL at the end; a name
 * whose value is NULL is left out. Values may be hostile. Any thread may write. */
void log_line(const struct log *log, enum log_level level, const char *event, ...)
    __attribute__((sentinel));

#endif
