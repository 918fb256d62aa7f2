/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { VALUE_MAX = 2000 };

const char *const log_level_names[] = {"error", "warn", "info", "debug", NULL};

static bool is_plain(const char *value)
{
    for (; *value; value++)
        if (*value <= ' ' || *value == '"' || *value == '=' || *value == '\\' || *value == 0x7f ||
            (unsigned char)*value >= 0x80)
            return false;
    return true;
}

static void add_value(struct text *line, const char *value)
{
    if (*value && is_plain(value) && strlen(value) < VALUE_MAX) {
        text_append(line, value, strlen(value));
        return;
    }
    CLEANUP(text_release) struct text printable = {0};
    text_add_printable(&printable, value, strnlen(value, VALUE_MAX));
    text_append(line, "\"", 1);
    for (size_t i = 0; i < printable.size; i++) {
        if (strchr("\"\\", printable.data[i]))
            text_append(line, "\\", 1);
        text_append(line, &printable.data[i], 1);
    }
    text_append(line, "\"", 1);
}

void log_line(const struct log *log, enum log_level level, const char *event, ...)
{
    if (level > log->level)
        return;
    char time[64];
    CLEANUP(text_release) struct text line = {0};
    text_add(&line, "time=%sZ level=%s event=%s", clock_format_ms(clock_true_us(), time),
             log_level_names[level], event);

    va_list args;
    va_start(args, event);
    for (const char *name; (name = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        if (!value)
            continue;
        text_add(&line, " %s=", name);
        add_value(&line, value);
    }
    va_end(args);
    text_append(&line, "\n", 1);
    // one call: lines of several threads do not mix; and nothing can be done where it fails
    if (write(STDERR_FILENO, line.data, line.size) < 0)
        return;
}
