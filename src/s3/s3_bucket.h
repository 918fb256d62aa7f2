/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a bucket, and what can be done with it besides reading and writing objects. */
#ifndef S3_S3_BUCKET_H
#define S3_S3_BUCKET_H

#include "base/arena.h"
#include "s3/client.h"
#include "s3/digest.h"

#define S3_NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"

struct s3_bucket {
    struct client *client;
    const char *name;
    struct cancel *cancel; /* may be NULL */
    bool hurried;          /* as in struct request */
};

struct object_listing {
    struct object_listing *next;
    const char *key;
    int64_t bytes, modified_us;
    const char *etag, *storage_class;
};

/* What tells an object that was put from another one under its key. */
struct put_trace {
    int64_t began_us; /* when putting it began: clock_monotonic_us() */
    int64_t bytes;
    char etag[MD5_HEX_SIZE]; /* its ETag, or the end of it: "-3" for one of three parts */
};

struct upload_listing {
    struct upload_listing *next;
    const char *key, *id;
};

/**
 * One page of the keys that begin with `prefix`, in their order; in the arena.
 *
 * @param token  NULL for the first page, then what `ret_token` was
 * @param ret_token  NULL after the last page
 */
int s3_bucket_list(const struct s3_bucket *bucket, struct arena *arena, const char *prefix,
                   const char *token, struct object_listing **ret, const char **ret_token,
                   struct error *err) MUST_CHECK;

/* The multipart uploads under keys with this prefix that were begun and not finished: all of them,
 * unless there are more than a hundred pages. Those under `only`, unless it is NULL. */
int s3_bucket_list_uploads(const struct s3_bucket *bucket, struct arena *arena, const char *prefix,
                           const char *only, struct upload_listing **ret,
                           struct error *err) MUST_CHECK;

int s3_bucket_head(const struct s3_bucket *bucket, const char *key, struct object_info *ret,
                   struct error *err) MUST_CHECK;

/* Whether the object is there that was put so: 1, 0, or -1. One that looked the same before does
 * not count. */
int s3_bucket_has(const struct s3_bucket *bucket, const char *key, const struct put_trace *trace,
                  struct error *err) MUST_CHECK;

/* That there was none is no error. */
int s3_bucket_delete(const struct s3_bucket *bucket, const char *key, struct error *err) MUST_CHECK;

/* Copies an object on the server; `from_bucket` is a name. Up to 5 GiB. */
int s3_bucket_copy(const struct s3_bucket *bucket, const char *key, const char *from_bucket,
                   const char *from_key, struct error *err) MUST_CHECK;

/* That we have it already is no error. */
int s3_bucket_create(const struct s3_bucket *bucket, struct error *err) MUST_CHECK;

/* The bucket's CORS configuration, as XML. */
int s3_bucket_get_cors(const struct s3_bucket *bucket, struct text *ret,
                       struct error *err) MUST_CHECK;
int s3_bucket_put_cors(const struct s3_bucket *bucket, const char *xml,
                       struct error *err) MUST_CHECK;

#endif
