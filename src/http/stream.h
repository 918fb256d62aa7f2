/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events: replies that go on with every new state-change event.
 *
 * A stream without news is laid aside; one thread waits for news, and wakes all.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include <microhttpd.h>

#include "status/events.h"

struct streams;

/* `max` at once. */
int streams_new(struct streams **ret, struct status *status, int max, struct error *err) MUST_CHECK;

/* Ends all; they must be gone before streams_free(). */
void streams_stop(struct streams *streams);
void streams_free(struct streams **streams);

/* A response with the events after `after`; NULL if there are too many streams. */
struct MHD_Response *stream_response(struct streams *streams, struct MHD_Connection *connection,
                                     int64_t after);

#endif
