/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(struct error *err, const char *fmt, va_list args)
{
    if (err->frames < ERROR_FRAMES)
        vsnprintf(err->frame[err->frames++], ERROR_TEXT, fmt, args);
}

int(error_add)(struct error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add(err, fmt, args);
    va_end(args);
    return -1;
}

int(error_set)(struct error *err, enum error_kind kind, const char *fmt, ...)
{
    err->kind = kind;
    err->frames = 0;
    err->at[0] = '\0';
    va_list args;
    va_start(args, fmt);
    add(err, fmt, args);
    va_end(args);
    return -1;
}

char *error_text(const struct error *err, char *text, int size)
{
    int used = 0;
    text[0] = '\0';
    for (int i = err->frames - 1; i >= 0 && used < size; i--)
        used += snprintf(text + used, (size_t)(size - used), "%s%s", err->frame[i], i ? ": " : "");
    return text;
}

int error_code(const struct error *err)
{
    return err->kind >= ERROR_INPUT ? (int)err->kind : (int)ERROR_UNKNOWN;
}

const char *error_title(enum error_kind kind)
{
    switch (kind) {
#define X(kind_, code, title)                                                                      \
    case kind_:                                                                                    \
        return title;
        ERROR_KINDS(X)
#undef X
    }
    return "Unknown Error";
}
