/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "function/log_file.h"
#include "function/log_folder.h"

/* A position is a file's number, and where in it. */
#define POSITION(number, offset) ((int64_t)(number) << 32 | (offset))
#define POSITION_FILE(position)  ((int)((position) >> 32))
#define POSITION_AT(position)    ((position)&0xffffffff)

/* The files of a group that may have what is asked for. */
struct files {
    char folder[PATH_MAX];
    int *numbers, count;
};

static void files_release(struct files *files)
{
    free(files->numbers);
}

static int files_find(struct files *files, struct logs *logs, const char *group, struct error *err)
{
    if (log_folder(logs, group, files->folder, err) < 0)
        return -1;
    if (log_file_list(files->folder, &files->numbers, &files->count, err) < 0)
        return err->kind == ERROR_NOT_FOUND
                   ? error_set(err, ERROR_NOT_FOUND,
                               "there is no log group '" LOGS_GROUP_PREFIX "%s'", group)
                   : -1;
    return 0;
}

/* The place in files->numbers where reading goes on, and the offset there. */
static int find_start(const struct files *files, int64_t after, int64_t *ret_offset)
{
    for (int i = 0; after > 0 && i < files->count; i++)
        if (files->numbers[i] == POSITION_FILE(after)) {
            *ret_offset = POSITION_AT(after);
            return i;
        }
    *ret_offset = 0;
    return 0;
}

static bool is_asked_for(const struct log_query *query, const struct log_event *event)
{
    return event->at_ms >= query->from_ms && (!query->ends || event->at_ms < query->to_ms) &&
           (!query->stream || strcmp(event->stream, query->stream) == 0) &&
           (!query->prefix || strncmp(event->stream, query->prefix, strlen(query->prefix)) == 0) &&
           (!query->invocation || strcmp(event->invocation, query->invocation) == 0) &&
           (!query->pattern || log_pattern_matches(query->pattern, event->message, event->size));
}

static void keep(struct arena *arena, const struct log_event *event, int64_t position,
                 struct log_event *ret)
{
    *ret = (struct log_event){
        .position = position,
        .at_ms = event->at_ms,
        .message = arena_strndup(arena, event->message, event->size),
        .size = event->size,
        .stream = arena_strdup(arena, event->stream),
        .invocation = arena_strdup(arena, event->invocation),
    };
}

/* What is found, in the order of reading. */
struct found {
    struct log_event *events;
    int count;
    size_t bytes;
    int64_t end;
    bool more;
};

static bool has_room(const struct found *found, const struct log_query *query,
                     const struct log_event *event)
{
    return found->count < query->max &&
           (!found->count || found->bytes + event->size <= LOGS_READ_MAX);
}

/* The first ones. */
static int read_on(struct files *files, const struct log_query *query, struct arena *arena,
                   struct found *found, struct error *err)
{
    int64_t offset;
    for (int i = find_start(files, query->after, &offset); i < files->count; i++, offset = 0) {
        CLEANUP(text_release) struct text text = {0};
        struct log_event event;
        int number = files->numbers[i];
        if (log_file_read(files->folder, number, offset, &text, err) < 0)
            return -1;
        found->end = POSITION(number, offset);
        for (size_t at = 0; log_file_event(text.data, text.size, at, &event);
             at = (size_t)event.position) {
            int64_t position = POSITION(number, offset + event.position);
            if (is_asked_for(query, &event)) {
                if (!has_room(found, query, &event)) {
                    found->more = true;
                    return 0;
                }
                keep(arena, &event, position, &found->events[found->count++]);
                found->bytes += event.size;
            }
            found->end = position;
        }
    }
    return 0;
}

static void reverse(struct log_event *events, int count)
{
    for (int i = 0; i < count / 2; i++) {
        struct log_event other = events[i];
        events[i] = events[count - 1 - i];
        events[count - 1 - i] = other;
    }
}

/* The places of what is asked for in one file. Returns where its last whole event ends. */
static int64_t find_places(const struct log_query *query, struct text *text, struct text *places)
{
    struct log_event event;
    size_t at = 0;
    for (; log_file_event(text->data, text->size, at, &event); at = (size_t)event.position) {
        if (is_asked_for(query, &event))
            text_append(places, &event, sizeof(event));
    }
    return (int64_t)at;
}

/* The last ones: file by file from the newest, as far as it takes. */
static int read_back(struct files *files, const struct log_query *query, struct arena *arena,
                     struct found *found, struct error *err)
{
    int64_t offset;
    int first = find_start(files, query->after, &offset);
    for (int i = files->count - 1; i >= first && !found->more; i--) {
        CLEANUP(text_release) struct text text = {0}, places = {0};
        int number = files->numbers[i];
        int64_t start = i == first ? offset : 0;
        if (log_file_read(files->folder, number, start, &text, err) < 0)
            return -1;
        int64_t whole = find_places(query, &text, &places);
        if (i == files->count - 1)
            found->end = POSITION(number, start + whole);
        const struct log_event *events = (const void *)places.data;
        for (size_t n = places.size / sizeof(*events); n > 0 && !found->more; n--) {
            const struct log_event *event = &events[n - 1];
            found->more = !has_room(found, query, event);
            if (found->more)
                continue;
            keep(arena, event, POSITION(number, start + event->position),
                 &found->events[found->count++]);
            found->bytes += event->size;
        }
    }
    reverse(found->events, found->count);
    return 0;
}

int logs_read(struct logs *logs, const struct log_query *query, struct arena *arena,
              struct log_event **ret, int *ret_count, int64_t *ret_end, bool *ret_more,
              struct error *err)
{
    CLEANUP(files_release) struct files files = {0};
    if ((query->pattern && log_pattern_check(query->pattern, err) < 0) ||
        files_find(&files, logs, query->group, err) < 0)
        return -1;
    struct found found = {
        .events = ARENA_ARRAY(arena, struct log_event, query->max > 0 ? query->max : 1),
        .end = query->after,
    };
    if ((query->newest ? read_back : read_on)(&files, query, arena, &found, err) < 0)
        return -1;
    *ret = found.events;
    *ret_count = found.count;
    *ret_end = found.end;
    *ret_more = found.more;
    return 0;
}

/* --- streams --- */

static void count_event(struct arena *arena, struct log_stream **streams, int *count,
                        const struct log_event *event)
{
    struct log_stream *stream = NULL;
    for (int i = *count; i > 0 && !stream; i--) // those of the last events are the newest
        if (strcmp((*streams)[i - 1].name, event->stream) == 0)
            stream = &(*streams)[i - 1];
    if (!stream) {
        bool full = *count >= 16 && (*count & (*count - 1)) == 0;
        if (full) {
            struct log_stream *larger = ARENA_ARRAY(arena, struct log_stream, 2 * *count);
            memcpy(larger, *streams, sizeof(*larger) * (size_t)*count);
            *streams = larger;
        }
        stream = &(*streams)[(*count)++];
        *stream =
            (struct log_stream){arena_strdup(arena, event->stream), event->at_ms, event->at_ms, 0};
    }
    stream->last_ms = event->at_ms > stream->last_ms ? event->at_ms : stream->last_ms;
    stream->events++;
}

static int by_last_event(const void *a, const void *b)
{
    const struct log_stream *x = a, *y = b;
    return (x->last_ms < y->last_ms) - (x->last_ms > y->last_ms);
}

int logs_streams(struct logs *logs, const char *group, struct arena *arena, struct log_stream **ret,
                 int *ret_count, struct error *err)
{
    CLEANUP(files_release) struct files files = {0};
    if (files_find(&files, logs, group, err) < 0)
        return -1;
    struct log_stream *streams = ARENA_ARRAY(arena, struct log_stream, 16);
    int count = 0;
    for (int i = 0; i < files.count; i++) {
        CLEANUP(text_release) struct text text = {0};
        struct log_event event;
        if (log_file_read(files.folder, files.numbers[i], 0, &text, err) < 0)
            return -1;
        for (size_t at = 0; log_file_event(text.data, text.size, at, &event);
             at = (size_t)event.position)
            count_event(arena, &streams, &count, &event);
    }
    qsort(streams, (size_t)count, sizeof(*streams), by_last_event);
    *ret = streams;
    *ret_count = count;
    return 0;
}
