/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to one S3 server, or to any web server, that get through or say why not.
 *
 *   http.h       one exchange over one connection
 *   sigv4.h      who asks
 *   failure.h    what an answer means: done, again, or which error
 *   client.c     the loop: sign, send, look, wait, again
 *
 * Tried again, with growing and random pauses or as Retry-After says: no connection, a reset, a
 * time-out, a body that is short or not the range asked for, 5xx, 429, RequestTimeout. A refusal
 * for a wrong clock is tried once more by the server's, one that names the bucket's region once
 * more for that, which is remembered. Nothing else is. Redirections are followed, a few, and never
 * from https to http. Only the endpoint's own host, hosts below it, and from AWS those of its S3
 * get a signature; another host gets a request only where the redirection has signed it already.
 *
 * A client may be used by many threads: it keeps idle connections in a pool.
 */
#ifndef S3_CLIENT_H
#define S3_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "s3/credentials.h"
#include "s3/http.h"
#include "s3/storage.h"
#include "s3/target.h"

struct client;

enum {
    CLIENT_TRIES = 8,
    CLIENT_REDIRECTS = 5,
    CLIENT_SLOW_S = 20,        /* for a request that is answered at once … */
    CLIENT_LONG_S = 300,       /* … and for one that makes the server work */
    CLIENT_HURRIED_S = 5,      /* for one try of a request that is hurried … */
    CLIENT_HURRIED_ALL_S = 10, /* … and for all its tries */
    CLIENT_TEXT_MAX = 1 << 16, /* of an answer that is not asked for its text */
};

struct client_options {
    const char *endpoint; /* NULL: requests have a `url` of their own and are not signed */
    bool virtual_host; /* a bucket whose name allows it is in front of the host, not of the key */
    const struct credentials *credentials; /* copied */
};

int client_new(struct client **ret, const struct client_options *options,
               struct error *err) MUST_CHECK;
void client_free(struct client **client);

enum { REQUEST_FIELDS = 10 };

struct request {
    const char *method;
    const char *verb, *uri;   /* for messages: "cannot VERB 'URI'" */
    const char *bucket, *key; /* NULL: none, a request to the bucket or the service */
    const char *url;          /* instead of these */
    struct field query[REQUEST_FIELDS], headers[REQUEST_FIELDS];
    int query_count, headers_count;
    struct piece body[HTTP_PIECES];

    void *into; /* a range of an object goes there */
    int64_t first;
    size_t into_size;
    const struct object_info *pinned; /* the object that it must be a range of; NULL: any */

    const char *document; /* the root element that the answer must have; NULL: any text is fine */
    size_t text_max;      /* 0: CLIENT_TEXT_MAX */
    int slow_s;           /* 0: CLIENT_SLOW_S */
    bool hurried;         /* nobody waits long for it: a clean-up, or what is done at best */
    struct cancel *cancel;
};

static inline void request_query(struct request *request, const char *name, const char *value)
{
    request->query[request->query_count++] = (struct field){name, value};
}

/* A header whose value is NULL is left out. */
static inline void request_header(struct request *request, const char *name, const char *value)
{
    if (value)
        request->headers[request->headers_count++] = (struct field){name, value};
}

/* Starts as {0}; released by the caller, after a failure, too. */
struct answer {
    int status;              /* of the last answer; 0: none came */
    bool in_doubt;           /* of some try nobody knows whether the server did what it asks */
    int64_t date_us;         /* the server's clock; -1: not said */
    char encryption[16];     /* the server's own, of the object; "" */
    char code[64];           /* S3's, of a refusal; "" if it gave none */
    char region[64];         /* where the bucket is, of a refusal for that; "" */
    struct object_info info; /* of the object, from the headers */
    size_t size;             /* of what is in `into` */
    struct text text;        /* any other body */
};

void answer_release(struct answer *answer);

/**
 * Sends a request until it is answered for good.
 *
 * @retval -1  not done. err has MediaConvert's kind, and says HTTP status, S3's code, request id
 *             and message; ERROR_CANCELED soon after `cancel` was requested
 */
int client_send(struct client *client, const struct request *request, struct answer *ret,
                struct error *err) MUST_CHECK;

/* The region in whose name requests are signed, but for buckets known to be elsewhere. */
const char *client_region(const struct client *client);

/* How many tries there were that came after a failed one. */
int64_t client_retries(const struct client *client);

/* A URL with which anybody may GET the object for so many seconds. In the arena. */
const char *client_presign(struct client *client, struct arena *arena, const char *bucket,
                           const char *key, int seconds);

#endif
