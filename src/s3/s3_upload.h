/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of which an object is put: all at once, or as a multipart upload. */
#ifndef S3_S3_UPLOAD_H
#define S3_S3_UPLOAD_H

#include "s3/s3_bucket.h"
#include "s3/store.h"

/* What is put, and how. The name's uri and the headers must live as long as this. */
struct s3_upload {
    struct client *client;
    struct object_name name;
    struct object_headers headers;
    struct cancel *cancel;
    bool begun;     /* a multipart upload; perhaps only the server knows of it */
    const char *id; /* then; NULL while it is not known */

    /* of an object that was put, or perhaps was */
    struct put_trace trace;
    bool in_doubt;    /* it failed, and the object may be there all the same */
    bool unencrypted; /* the server did not say that it did what headers.encryption asks */
};

int s3_upload_whole(struct s3_upload *upload, const struct piece body[HTTP_PIECES],
                    struct error *err) MUST_CHECK;

/* Begins a multipart upload and aborts those that others have left unfinished under this key. */
int s3_upload_begin(struct s3_upload *upload, struct arena *arena, struct error *err) MUST_CHECK;

/* The ETag that the server gives the part. */
int s3_upload_part(const struct s3_upload *upload, int number, const struct piece body[HTTP_PIECES],
                   char ret_etag[72], struct error *err) MUST_CHECK;

/* Makes one object, of so many bytes, of the parts; part n has etags[n - 1]. */
int s3_upload_complete(struct s3_upload *upload, const char (*etags)[72], int parts, int64_t bytes,
                       struct error *err) MUST_CHECK;

/* Aborts what is unfinished under this key of earlier ones. */
int s3_upload_abort_others(const struct s3_upload *upload, struct error *err) MUST_CHECK;

/* Aborts one that has begun, and whatever else is unfinished under this key. Best effort, cancelled
 * or not.
 *
 * @retval false  the server does not answer */
bool s3_upload_abort(const struct s3_upload *upload);

#endif
