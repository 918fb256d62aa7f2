/* SPDX-License-Identifier: Apache-2.0 */
#include "http/stream.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum {
    EVENTS_AT_ONCE = 16,
    SIGN_OF_LIFE_US = 15 * 1000000, /* so that both ends notice when the other is gone */
    WAKE_US = 1000000,
    LOOK_US = 100000, /* so long takes the end */
};

struct stream {
    struct streams *streams;
    struct stream *next, **link;
    struct MHD_Connection *connection;
    bool aside;

    /* Used by the connection's thread only. */
    int64_t number; /* of the last event in `out` */
    int64_t spoke_us;
    struct text out;
    size_t sent; /* of it */
};

struct streams {
    struct status *status;
    int max;
    pthread_t thread;

    pthread_mutex_t lock;
    // ---- guarded by lock, and so are the streams' first fields ----
    struct stream *first;
    int count;
    int64_t newest; /* event that all were woken for */
    bool stopping;
};

static void wake_all(struct streams *streams)
{
    for (struct stream *stream = streams->first; stream; stream = stream->next) {
        if (stream->aside)
            MHD_resume_connection(stream->connection);
        stream->aside = false;
    }
}

/* Wakes them for news, and every second for a sign of life or the end. */
static void *watch(void *arg)
{
    struct streams *streams = arg;
    int64_t woken_us = 0;
    pthread_mutex_lock(&streams->lock);
    while (!streams->stopping) {
        int64_t newest = streams->newest;
        pthread_mutex_unlock(&streams->lock);
        status_wait_for_event(streams->status, newest, LOOK_US);
        newest = status_newest_event(streams->status);
        pthread_mutex_lock(&streams->lock);
        int64_t now = clock_monotonic_us();
        if (newest == streams->newest && now < woken_us + WAKE_US)
            continue;
        streams->newest = newest;
        woken_us = now;
        wake_all(streams);
    }
    pthread_mutex_unlock(&streams->lock);
    return NULL;
}

int streams_new(struct streams **ret, struct status *status, int max, struct error *err)
{
    struct streams *streams = calloc(1, sizeof(*streams));
    if (!streams)
        return error_set(err, ERROR_BUG, "out of memory");
    streams->status = status;
    streams->max = max;
    pthread_mutex_init(&streams->lock, NULL);
    int r = pthread_create(&streams->thread, NULL, watch, streams);
    if (r) {
        free(streams);
        return error_set(err, ERROR_BUG, "cannot start a thread: %s", strerror(r));
    }
    *ret = streams;
    return 0;
}

void streams_stop(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    streams->stopping = true;
    wake_all(streams);
    pthread_mutex_unlock(&streams->lock);
    pthread_join(streams->thread, NULL);
}

void streams_free(struct streams **streams)
{
    if (!*streams)
        return;
    pthread_mutex_destroy(&(*streams)->lock);
    free(*streams);
    *streams = NULL;
}

static void forget(void *arg)
{
    struct stream *stream = arg;
    pthread_mutex_lock(&stream->streams->lock);
    *stream->link = stream->next;
    if (stream->next)
        stream->next->link = stream->link;
    stream->streams->count--;
    pthread_mutex_unlock(&stream->streams->lock);
    text_release(&stream->out);
    free(stream);
}

/* The next events as text; nothing if there are none. */
static int read_events(struct stream *stream)
{
    struct error err;
    struct event *events;
    int count;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    if (status_events_after(stream->streams->status, stream->number, EVENTS_AT_ONCE, arena, &events,
                            &count, &err) < 0)
        return -1;
    int64_t now = clock_monotonic_us();
    text_release(&stream->out);
    stream->sent = 0;
    for (int i = 0; i < count; i++) {
        text_add(&stream->out, "id: %" PRId64 "\ndata: ", events[i].number);
        text_append(&stream->out, events[i].json, strlen(events[i].json));
        text_append(&stream->out, "\n\n", 2);
        stream->number = events[i].number;
    }
    if (!count && (!stream->spoke_us || now - stream->spoke_us > SIGN_OF_LIFE_US))
        text_add(&stream->out, ": \n\n");
    if (stream->out.size)
        stream->spoke_us = now;
    return 0;
}

/* Lays the connection aside until there is news. Returns whether the stream is at its end. */
static bool lay_aside(struct stream *stream)
{
    pthread_mutex_lock(&stream->streams->lock);
    bool stopping = stream->streams->stopping;
    if (!stopping) {
        stream->aside = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->streams->lock);
    return stopping;
}

static ssize_t read_stream(void *arg, uint64_t at, char *buffer, size_t size)
{
    (void)at;
    struct stream *stream = arg;
    if (stream->sent == stream->out.size && read_events(stream) < 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t rest = stream->out.size - stream->sent;
    if (!rest)
        return lay_aside(stream) ? MHD_CONTENT_READER_END_OF_STREAM : 0;
    size = size < rest ? size : rest;
    memcpy(buffer, stream->out.data + stream->sent, size);
    stream->sent += size;
    return (ssize_t)size;
}

static struct stream *stream_new(struct streams *streams, struct MHD_Connection *connection,
                                 int64_t after)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        return NULL;
    *stream = (struct stream){.streams = streams, .connection = connection, .number = after};
    pthread_mutex_lock(&streams->lock);
    bool room = streams->count < streams->max && !streams->stopping;
    if (room) {
        streams->count++;
        stream->next = streams->first;
        stream->link = &streams->first;
        if (stream->next)
            stream->next->link = &stream->next;
        streams->first = stream;
    }
    pthread_mutex_unlock(&streams->lock);
    if (!room)
        free(stream);
    return room ? stream : NULL;
}

struct MHD_Response *stream_response(struct streams *streams, struct MHD_Connection *connection,
                                     int64_t after)
{
    enum { BLOCK = 4096 };
    struct stream *stream = stream_new(streams, connection, after);
    if (!stream)
        return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream, forget);
    if (!response)
        forget(stream);
    return response;
}
