/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lambda's Runtime API, as one process sees it: http://ADDRESS/2018-06-01/runtime/…
 *
 *   GET  invocation/next             the next event; waits until there is one
 *   POST invocation/ID/response      what the handler has returned
 *   POST invocation/ID/error         what it has raised
 *   POST init/error                  why it cannot begin
 *
 * Each process has a port of its own on 127.0.0.1. Connections from other users are refused, and
 * so is whatever a browser sends. There is no thread: whoever has the process polls
 * runtime_api_fd() and calls runtime_api_run(). In between a request waits in its socket, as the
 * one for the next event does most of the time.
 */
#ifndef FUNCTION_RUNTIME_API_H
#define FUNCTION_RUNTIME_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

struct runtime_api;

enum { RUNTIME_API_ADDRESS_SIZE = 32 };

int runtime_api_open(struct runtime_api **ret, struct error *err) MUST_CHECK;
void runtime_api_close(struct runtime_api **api); /* sets NULL; accepts NULL */

/* "127.0.0.1:43210" */
const char *runtime_api_address(const struct runtime_api *api);

/* Readable when runtime_api_run() has something to do. */
int runtime_api_fd(const struct runtime_api *api);

/* Does what can be done without waiting. */
void runtime_api_run(struct runtime_api *api);

struct runtime_event {
    const char *id, *arn, *payload;
    size_t size;
    int timeout_s;              /* its deadline is so long after it was asked for */
    const char *client_context; /* or NULL */
    const char *trace_id;       /* NULL: one is made of the id */
};

/* To be given to whoever asks for the next one. It is copied; an earlier answer is forgotten. */
void runtime_api_give(struct runtime_api *api, const struct runtime_event *event);

enum runtime_news {
    RUNTIME_SILENT,
    RUNTIME_TAKEN,      /* the event has been asked for */
    RUNTIME_RESPONSE,   /* and this is the answer */
    RUNTIME_ERROR,      /* … which the handler has raised */
    RUNTIME_TOO_LARGE,  /* … which is longer than FUNCTION_PAYLOAD_MAX */
    RUNTIME_INIT_ERROR, /* it cannot begin; this is why */
};

/* What has become of the event. */
enum runtime_news runtime_api_news(const struct runtime_api *api);

/* When it was asked for, by clock_monotonic_us(); 0: not yet. */
int64_t runtime_api_taken_us(const struct runtime_api *api);

/* The answer; lives until the next event is given. */
const struct text *runtime_api_answer(const struct runtime_api *api);

#endif
