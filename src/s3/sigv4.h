/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Signature Version 4, as S3 wants it: a request's method, path, query and headers are brought
 * into one canonical text, and an HMAC of that text under a key that is good for one day, region
 * and service says who sent it. Pure functions: they read no clock and no environment.
 */
#ifndef S3_SIGV4_H
#define S3_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "s3/uri.h"

struct sigv4_key {
    const char *access_key, *secret_key;
    const char *session_token; /* NULL: none; a header of the request must bear it, too */
    const char *region, *service;
};

struct sigv4_request {
    const char *method;
    const char *path;            /* percent-encoded, exactly as it is sent */
    const struct field *query;   /* not encoded */
    const struct field *headers; /* all of them are signed; `host` must be there */
    int query_count, headers_count;
    const char *payload; /* SHA-256 of the body in hex, or SIGV4_UNSIGNED */
};

#define SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"

enum { SIGV4_TIME_SIZE = 17 };

/* "20130524T000000Z", the value of x-amz-date; returns out. */
char *sigv4_time(int64_t wall_us, char out[SIGV4_TIME_SIZE]);

/* Adds what the signature is made of. */
void sigv4_canonical(const struct sigv4_request *request, struct text *out);

/* Adds the value of the Authorization header. */
void sigv4_authorization(const struct sigv4_key *key, const struct sigv4_request *request,
                         const char *time, struct text *out);

/* Adds a query with the signature in it: a URL that anybody may use for `seconds`. The request's
 * own query is part of it. */
void sigv4_presign(const struct sigv4_key *key, const struct sigv4_request *request,
                   const char *time, int seconds, struct text *out);

#endif
