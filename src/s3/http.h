/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP/1.1 exchange at a time over a connection that is kept open between them (libcurl).
 * Nothing is followed, retried or understood here: client.h does that.
 *
 * The peer is not trusted: only http and https, headers and bodies are bounded, and one that
 * neither sends nor takes anything for a while is given up.
 */
#ifndef S3_HTTP_H
#define S3_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/text.h"
#include "s3/uri.h"

struct http;

struct piece {
    const void *data;
    size_t size;
};

enum { HTTP_PIECES = 2, HTTP_HEADERS_MAX_BYTES = 64 * 1024 };

struct http_request {
    const char *method, *url;
    const struct field *headers;
    int headers_count;
    struct piece body[HTTP_PIECES]; /* one after the other; sent where the method is PUT or POST */
    void *into;                     /* where the body of a 2xx goes, at most into_size bytes; … */
    size_t into_size;
    size_t text_max; /* … else this many of it become text */
    int slow_s;      /* give up after so many seconds with less than 1 kB/s */
    int limit_s;     /* and after so many seconds in all; 0: no limit */
    struct cancel *cancel;
};

struct http_response {
    int status;       /* 0: there was none */
    bool sent_again;  /* the body: libcurl got no answer on a connection that was kept */
    size_t size;      /* of what is in `into` */
    struct text text; /* any other body; kept between requests, the caller's to release */
    char why[256];    /* what went wrong, when it is not HTTP_ANSWERED */
};

enum http_outcome {
    HTTP_ANSWERED,   /* status and the whole body are there */
    HTTP_BROKEN,     /* no or half an answer: it may go better next time, on a new connection */
    HTTP_TOO_LONG,   /* the body is longer than there is room for */
    HTTP_IMPOSSIBLE, /* it will not go better: a certificate, a malformed URL */
    HTTP_CANCELED,
};

/* `ca_bundle`: a PEM file of certificates to trust instead of the system's, or NULL. */
int http_new(struct http **ret, const char *ca_bundle, struct error *err) MUST_CHECK;
void http_free(struct http **http);

enum http_outcome http_send(struct http *http, const struct http_request *request,
                            struct http_response *response) MUST_CHECK;

/* A header of the last response; NULL if it had none. Valid until the next request. */
const char *http_header(const struct http *http, const char *name);

#endif
