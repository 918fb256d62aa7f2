/* SPDX-License-Identifier: Apache-2.0 */
#include "function/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "function/limits.h"

enum { EVENTS_AT_ONCE = 256, TAIL_TRIM = 4 * FUNCTION_LOG_TAIL_MAX };

void journal_init(struct journal *journal, struct logs *logs, const char *group)
{
    char id[RANDOM_UUID_SIZE], day[64];
    *journal = (struct journal){.logs = logs};
    snprintf(journal->group, sizeof(journal->group), "%s", group);
    random_uuid(id);
    clock_format(clock_true_us(), "%Y/%m/%d", day);
    snprintf(journal->stream, sizeof(journal->stream), "%.10s/[$LATEST]%.8s%.4s%.4s%.4s%.12s", day,
             id, id + 9, id + 14, id + 19, id + 24);
}

void journal_release(struct journal *journal)
{
    text_release(&journal->line);
    text_release(&journal->tail);
}

void journal_begin(struct journal *journal, const char *invocation)
{
    snprintf(journal->invocation, sizeof(journal->invocation), "%s", invocation);
    journal->tail.size = 0;
}

static void add_to_tail(struct journal *journal, const struct log_event *event)
{
    struct text *tail = &journal->tail;
    text_append(tail, event->message, event->size);
    text_append(tail, "\n", 1);
    if (tail->size > TAIL_TRIM) {
        size_t drop = tail->size - FUNCTION_LOG_TAIL_MAX;
        memmove(tail->data, tail->data + drop, FUNCTION_LOG_TAIL_MAX);
        tail->size = FUNCTION_LOG_TAIL_MAX;
    }
}

static void write_events(struct journal *journal, const struct log_event *events, int count)
{
    for (int i = 0; i < count; i++)
        add_to_tail(journal, &events[i]);
    struct error err;
    if (logs_append(journal->logs, journal->group, events, count, &err) < 0 && !journal->broken) {
        journal->broken = true;
        journal->why = err;
    }
}

/* In place: each byte that is not what it should be becomes another one. */
static void clean(char *bytes, size_t size)
{
    for (size_t i = 0; i < size;) {
        unsigned char c = (unsigned char)bytes[i];
        if (c >= 0x20 && c < 0x80) {
            i++;
            continue;
        }
        int length = json_utf8_length(bytes + i, size - i);
        if (c == '\r')
            bytes[i] = '\n';
        else if (!length || !c)
            bytes[i] = '?';
        i += length ? (size_t)length : 1;
    }
}

static struct log_event event_of(struct journal *journal, char *bytes, size_t size, int64_t at_ms)
{
    while (size && bytes[size - 1] == '\r')
        size--;
    clean(bytes, size);
    return (struct log_event){.at_ms = at_ms,
                              .message = bytes,
                              .size = size,
                              .stream = journal->stream,
                              .invocation = journal->invocation};
}

void journal_flush(struct journal *journal)
{
    if (!journal->line.size)
        return;
    struct log_event event =
        event_of(journal, journal->line.data, journal->line.size, clock_true_us() / 1000);
    write_events(journal, &event, 1);
    journal->line.size = 0;
}

/* Adds the beginning of the bytes to the line that is not yet at its end; returns how much. */
static size_t go_on_with_line(struct journal *journal, const char *bytes, size_t size)
{
    size_t room = LOGS_MESSAGE_MAX - journal->line.size;
    size_t part = size < room ? size : room;
    const char *end = memchr(bytes, '\n', part);
    part = end ? (size_t)(end - bytes) : part;
    text_append(&journal->line, bytes, part);
    if (end || journal->line.size == LOGS_MESSAGE_MAX)
        journal_flush(journal);
    return part + (end != NULL);
}

void journal_take(struct journal *journal, char *bytes, size_t size)
{
    struct log_event events[EVENTS_AT_ONCE];
    int64_t at_ms = clock_true_us() / 1000;
    size_t done = 0;
    int count = 0;
    while (done < size) {
        char *end = journal->line.size ? NULL : memchr(bytes + done, '\n', size - done);
        if (!end) {
            write_events(journal, events, count);
            count = 0;
            done += go_on_with_line(journal, bytes + done, size - done);
            continue;
        }
        size_t length = (size_t)(end - (bytes + done));
        events[count++] = event_of(journal, bytes + done, length, at_ms);
        done += length + 1;
        if (count == EVENTS_AT_ONCE) {
            write_events(journal, events, count);
            count = 0;
        }
    }
    write_events(journal, events, count);
}

void journal_say(struct journal *journal, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    journal_flush(journal);
    struct log_event event = {.at_ms = clock_true_us() / 1000,
                              .message = line,
                              .size = strlen(line),
                              .stream = journal->stream,
                              .invocation = journal->invocation};
    write_events(journal, &event, 1);
}

const char *journal_tail(const struct journal *journal, size_t *ret_size)
{
    const struct text *tail = &journal->tail;
    size_t drop = tail->size > FUNCTION_LOG_TAIL_MAX ? tail->size - FUNCTION_LOG_TAIL_MAX : 0;
    *ret_size = tail->size - drop;
    return tail->data ? tail->data + drop : "";
}
