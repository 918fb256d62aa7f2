/* SPDX-License-Identifier: Apache-2.0 */
/* What operations work on. Made by `serve`, used by all threads of the server; nothing in it
 * changes but the counters. */
#ifndef HTTP_SERVICE_H
#define HTTP_SERVICE_H

#include <stdatomic.h>

#include "base/cancel.h"
#include "base/log.h"
#include "http/auth.h"
#include "status/status.h"

struct batches;
struct dispatcher;
struct functions;
struct inventories;
struct lambda_queue;
struct storage;
struct uploads;

enum { METRIC_STATUS_MIN = 200, METRIC_STATUS_MAX = 599 };

/* Requests answered, by status. */
struct metrics {
    atomic_llong answered[METRIC_STATUS_MAX - METRIC_STATUS_MIN + 1];
};

struct service {
    struct status *status;
    struct dispatcher *dispatcher; /* NULL: nobody runs the jobs */
    struct storage *storage;
    struct functions *functions; /* NULL: there are no functions, nor their logs */
    struct lambda_queue *lambda_queue;
    struct batches *batches;         /* NULL: nobody runs the batch jobs */
    struct inventories *inventories; /* NULL: nobody writes their reports */
    struct uploads *uploads;         /* NULL: nobody handles them */
    const char *place;               /* of objects, "on the S3 server http://…"; NULL: not said */
    struct auth auth;
    const char *const *probe; /* the command that probes a file, all but its URI; NULL ends */
    const struct log *log;
    struct cancel *stopping; /* what waits gives up */
    struct metrics metrics;
};

#endif
