/* SPDX-License-Identifier: Apache-2.0 */
/* `logs`: what a function has printed, read from the data folder, with or without a server at work
 * in it. */
#include "function/logs.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/options.h"

enum { EVENTS_AT_ONCE = 1000, LOOK_US = 250000 };

struct arguments {
    const char *data, *since, *filter;
    bool follow;
};

static const struct option options[] = {
    {"follow", 'f', NULL, "go on with what is printed from now on", OPTION_FLAG,
     offsetof(struct arguments, follow)},
    {"since", 0, "TIME", "90s, 10m, 2h or 1d ago, or since 2026-01-31T12:00:00Z (all)", OPTION_TEXT,
     offsetof(struct arguments, since)},
    {"filter", 0, "PATTERN", "only what CloudWatch's filter pattern for text matches", OPTION_TEXT,
     offsetof(struct arguments, filter)},
    {"data", 0, "DIR", "the folder of `serve` (" DATA_DEFAULT ")", OPTION_TEXT,
     offsetof(struct arguments, data)},
    {0},
};

/* Seconds in "90s" …; 0 if it is none. */
static int64_t read_span(const char *text)
{
    static const struct {
        char unit;
        int seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 24 * 3600}, {'w', 7 * 24 * 3600}};
    enum { NUMBER_MAX = 100000 };
    char *end;
    long number = isdigit((unsigned char)*text) ? strtol(text, &end, 10) : 0;
    for (size_t i = 0; number > 0 && number <= NUMBER_MAX && i < COUNT(units); i++)
        if (*end == units[i].unit && !end[1])
            return (int64_t)number * units[i].seconds;
    return 0;
}

static int read_since(const char *text, int64_t *ret_ms, struct error *err)
{
    struct tm tm = {0};
    int64_t span = text ? read_span(text) : 0;
    *ret_ms = 0;
    if (!text)
        return 0;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (span)
        *ret_ms = clock_true_us() / 1000 - span * 1000;
    else if (end && (!*end || strcmp(end, "Z") == 0))
        *ret_ms = (int64_t)timegm(&tm) * 1000;
    else
        return error_set(err, ERROR_BAD_REQUEST,
                         "--since takes a time such as 10m or 2026-01-31T12:00:00Z, not '%s'",
                         text);
    return 0;
}

/* For a terminal: lines stay lines. */
static void add_lines(struct text *out, const char *message, size_t size)
{
    size_t start = 0;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && message[i] != '\n' && message[i] != '\r')
            continue;
        text_add_printable(out, message + start, i - start);
        text_append(out, "\n", i < size);
        start = i + 1;
    }
}

/* "2026-01-31T12:00:00.123Z message" */
static void print_event(const struct log_event *event, bool terminal)
{
    char time[64];
    CLEANUP(text_release) struct text line = {0};
    text_add(&line, "%sZ ", clock_format_ms(event->at_ms * 1000, time));
    if (terminal)
        add_lines(&line, event->message, event->size);
    else
        text_append(&line, event->message, event->size);
    text_append(&line, "\n", 1);
    fwrite(line.data, 1, line.size, stdout);
}

/* What there is behind query->after. A function that has printed nothing yet may do so later. */
static int print_events(struct logs *logs, struct log_query *query, bool follow, bool *ret_more,
                        struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct log_event *events;
    int count;
    *ret_more = false;
    if (logs_read(logs, query, arena, &events, &count, &query->after, ret_more, err) < 0)
        return follow && err->kind == ERROR_NOT_FOUND ? 0 : -1;
    bool terminal = isatty(STDOUT_FILENO);
    for (int i = 0; i < count; i++)
        print_event(&events[i], terminal);
    if (fflush(stdout) == EOF)
        return error_set(err, ERROR_BUG, "cannot write: %s", strerror(errno));
    return 0;
}

static int print_logs(struct logs *logs, struct log_query *query, bool follow, struct error *err)
{
    CLEANUP(interrupt_release) struct interrupt interrupt;
    interrupt_init(&interrupt);
    bool more = true;
    while (more && !cancel_requested(&interrupt.cancel)) {
        if (print_events(logs, query, follow, &more, err) < 0)
            return -1;
        if (follow && !more)
            usleep(LOOK_US);
        more |= follow;
    }
    return 0;
}

static int run(const struct arguments *arguments, const char *function, struct error *err)
{
    struct log_query query = {
        .group = function, .pattern = arguments->filter, .max = EVENTS_AT_ONCE};
    CLEANUP(logs_free) struct logs *logs = NULL;
    char folder[PATH_MAX];
    const char *data = arguments->data ? arguments->data : DATA_DEFAULT;
    if (snprintf(folder, sizeof(folder), "%s/logs", data) >= (int)sizeof(folder))
        return error_set(err, ERROR_BAD_REQUEST, "--data: the name is too long");
    if (read_since(arguments->since, &query.from_ms, err) < 0 ||
        (query.pattern && log_pattern_check(query.pattern, err) < 0) ||
        logs_open(&logs, folder, err) < 0)
        return -1;
    if (print_logs(logs, &query, arguments->follow, err) == 0)
        return 0;
    if (err->kind == ERROR_NOT_FOUND)
        return error_set(err, ERROR_BAD_REQUEST, "no function '%s' has printed anything: '%s'",
                         function, folder);
    return -1;
}

int logs_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    const char *function;
    int status = options_read("logs", options, argc, argv, &arguments, &function);
    if (status != OPTIONS_READ)
        return status;
    struct error err = {0};
    return run(&arguments, function, &err) < 0 ? fail(&err, false) : EXIT_DONE;
}
