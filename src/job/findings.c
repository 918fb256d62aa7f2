/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a job: collected, put in the order of the text, printed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "job/check.h"

enum {
    FINDINGS_MAX = 1000, /* nobody reads more; a hostile job could have millions */
    LINE_COLUMNS = 100,  /* of the source line that is shown */
};

void findings_init(struct findings *findings, struct arena *arena)
{
    *findings = (struct findings){.arena = arena};
}

static void grow(struct findings *findings)
{
    int capacity = findings->capacity ? findings->capacity * 2 : 16;
    struct finding *items = ARENA_ARRAY(findings->arena, struct finding, capacity);
    if (findings->count)
        memcpy(items, findings->items, sizeof(*items) * (size_t)findings->count);
    findings->items = items;
    findings->capacity = capacity;
}

void findings_add(struct findings *findings, enum finding_severity severity, const char *pointer,
                  size_t at, const char *fmt, ...)
{
    findings->errors += severity == FINDING_ERROR;
    findings->warnings += severity == FINDING_WARNING;
    findings->last = NULL;
    if (findings->count == FINDINGS_MAX)
        return;
    if (findings->count == findings->capacity)
        grow(findings);

    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *copy = arena_alloc(findings->arena, (size_t)(length < 0 ? 0 : length) + 1);
    vsnprintf(copy, (size_t)length + 1, fmt, again);
    va_end(again);

    findings->last = &findings->items[findings->count++];
    *findings->last = (struct finding){
        .severity = severity,
        .pointer = arena_strdup(findings->arena, pointer),
        .at = at,
        .order = findings->has_chain_at ? findings->chain_at : at,
        .message = copy,
    };
    findings->has_chain_at = findings->in_chain;
    findings->chain_at = findings->last->order;
}

void findings_begin_chain(struct findings *findings)
{
    findings->in_chain = true;
}

void findings_end_chain(struct findings *findings)
{
    findings->in_chain = findings->has_chain_at = false;
}

void findings_suggest(struct findings *findings, const char *nearest)
{
    if (findings->last && nearest)
        findings->last->hint = arena_printf(findings->arena, "did you mean \"%s\"?", nearest);
}

void findings_add_support(struct findings *findings, enum support support, const char *pointer,
                          size_t at, const char *name, const char *why)
{
    bool refused = support == REFUSED;
    findings_add(findings, refused ? FINDING_ERROR : FINDING_WARNING, pointer, at, "%s is %s: %s",
                 name, refused ? "not supported yet" : "ignored", why);
    if (findings->last)
        findings->last->support = support;
}

static int by_place(const void *a, const void *b)
{
    const struct finding *x = *(const struct finding *const *)a;
    const struct finding *y = *(const struct finding *const *)b;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1; /* JSON_NOWHERE comes last */
    return (x > y) - (x < y);                /* at one place: as they were found */
}

void findings_sort(struct findings *findings)
{
    size_t count = (size_t)findings->count;
    if (count < 2)
        return;
    const struct finding **order = ARENA_ARRAY(findings->arena, const struct finding *, count);
    struct finding *sorted = ARENA_ARRAY(findings->arena, struct finding, count);
    for (size_t i = 0; i < count; i++)
        order[i] = &findings->items[i];
    qsort(order, count, sizeof(*order), by_place);
    for (size_t i = 0; i < count; i++)
        sorted[i] = *order[i];
    findings->items = sorted;
    findings->capacity = findings->count;
    findings->last = NULL;
}

bool findings_full(const struct findings *findings)
{
    return findings->count >= FINDINGS_MAX;
}

static const char *severity_name(enum finding_severity severity)
{
    static const char *const names[] = {[FINDING_ERROR] = "error", [FINDING_WARNING] = "warning"};
    return names[severity];
}

/* A walk over the text, for findings come in its order, but for a few steps back in chains: a job
 * on one line of megabytes is not searched from its start for each. */
struct walk {
    const char *text;
    size_t size;
    size_t at, line_start;
    int line, column;
};

static struct walk walk_start(const char *text, size_t size)
{
    size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return (struct walk){text, size, mark, mark, 1, 1};
}

static void walk_back(struct walk *walk, size_t at)
{
    while (walk->at > at) {
        unsigned char c = (unsigned char)walk->text[--walk->at];
        walk->column -= (c & 0xc0) != 0x80;
        if (c != '\n')
            continue;
        struct walk first = walk_start(walk->text, walk->size);
        walk->line--;
        walk->line_start = walk->at;
        while (walk->line_start > first.at && walk->text[walk->line_start - 1] != '\n')
            walk->line_start--;
        walk->column = 1;
        for (size_t i = walk->line_start; i < walk->at; i++)
            walk->column += ((unsigned char)walk->text[i] & 0xc0) != 0x80;
    }
}

/* False if it is nowhere in the text. */
static bool walk_to(struct walk *walk, size_t at)
{
    if (at > walk->size)
        return false;
    walk_back(walk, at);
    for (; walk->at < at; walk->at++) {
        unsigned char c = (unsigned char)walk->text[walk->at];
        walk->column += (c & 0xc0) != 0x80;
        if (c == '\n') {
            walk->line++;
            walk->column = 1;
            walk->line_start = walk->at + 1;
        }
    }
    return true;
}

static size_t step_back(const char *text, size_t at, size_t start, int columns)
{
    while (at > start && columns > 0) {
        at--;
        columns -= ((unsigned char)text[at] & 0xc0) != 0x80;
    }
    return at;
}

/* The line around the place, cut to a window where it is long, and a caret under the place. */
static void add_source(struct text *out, const struct walk *walk)
{
    const char *text = walk->text;
    size_t from = step_back(text, walk->at, walk->line_start, LINE_COLUMNS / 2), to = from;
    for (int columns = 0; to < walk->size && text[to] != '\n' && text[to] != '\r'; to++) {
        columns += ((unsigned char)text[to] & 0xc0) != 0x80;
        if (columns > LINE_COLUMNS)
            break;
    }
    bool cut = to < walk->size && text[to] != '\n' && text[to] != '\r';
    text_add(out, "  %s", from > walk->line_start ? "…" : "");
    text_add_printable(out, text + from, to - from);
    text_add(out, "%s\n  %s", cut ? "…" : "", from > walk->line_start ? " " : "");
    for (size_t i = from; i < walk->at; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            text_append(out, " ", 1);
    text_add(out, "^\n");
}

void findings_print(const struct findings *findings, const char *file, const char *text,
                    size_t size, struct text *out)
{
    bool spoken[REFUSED + 1] = {0};
    struct walk walk = walk_start(text, size);
    for (int i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        bool has_place = walk_to(&walk, f->at);
        text_add_printable(out, file, strlen(file));
        text_add(out, ":");
        if (has_place)
            text_add(out, "%d:%d:", walk.line, walk.column);
        text_add(out, " %s: ", severity_name(f->severity));
        text_add_printable(out, f->pointer, strlen(f->pointer));
        text_add(out, "%s", *f->pointer ? ": " : "");
        text_add_printable(out, f->message, strlen(f->message));
        text_add(out, "\n");
        if (has_place)
            add_source(out, &walk);
        if (f->hint) {
            text_add(out, "  ");
            text_add_printable(out, f->hint, strlen(f->hint));
            text_add(out, "\n");
        }
        spoken[f->support] = true;
    }
    for (int i = IGNORED; i <= REFUSED; i++)
        if (spoken[i])
            text_add(out, "%s: %s\n", support_names[i], support_docs[i]);
    int more = findings->errors + findings->warnings - findings->count;
    if (more > 0) {
        text_add_printable(out, file, strlen(file));
        text_add(out, ": and %d more\n", more);
    }
}

struct cJSON *findings_json(const struct findings *findings, const char *text, size_t size)
{
    cJSON *array = cJSON_CreateArray();
    struct walk walk = walk_start(text, size);
    for (int i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "severity", severity_name(f->severity));
        cJSON_AddStringToObject(item, "pointer", f->pointer);
        if (walk_to(&walk, f->at)) {
            cJSON_AddNumberToObject(item, "line", walk.line);
            cJSON_AddNumberToObject(item, "column", walk.column);
        }
        cJSON_AddStringToObject(item, "message", f->message);
        if (f->hint)
            cJSON_AddStringToObject(item, "hint", f->hint);
        if (f->support != EXACT)
            cJSON_AddStringToObject(item, "support", support_names[f->support]);
        cJSON_AddItemToArray(array, item);
    }
    return array;
}
