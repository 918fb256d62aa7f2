/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An S3 server as a store.
 *
 *   client.c       requests that get through, signed, or say why not
 *   remote.c       reading an object by ranges
 *   s3_upload.c    the calls of which an object is put: PutObject, and a multipart upload's
 *   s3_writer.c    an object's bytes on their way: one PUT, or parts from threads
 *   s3_delivery.c  what a run has put, so that it can be taken back
 *   s3_bucket.c    lists, copies, deletes, makes buckets
 *   s3_list.c      a bucket's objects, page after page
 *
 * An object becomes visible when it is finished. What stood there before cannot be brought back:
 * a delivery that is not committed deletes what it put. Parts of an object that is not finished
 * are never visible; its upload is aborted. A process that is killed leaves uploads, which cost
 * money: whoever next uploads parts of the same key aborts them.
 */
#ifndef S3_S3_H
#define S3_S3_H

#include "s3/s3_bucket.h"
#include "s3/store.h"

struct s3 {
    struct storage base;
    struct client *client;
};

extern const struct store_ops s3_ops;

/* --- s3_list.c --- */

int s3_list(struct storage *storage, const struct object_name *name, struct cancel *cancel,
            struct object_list **ret, struct error *err) MUST_CHECK;

/* --- s3_delivery.c --- */

struct s3_delivery;

int s3_delivery_new(struct storage *storage, struct cancel *cancel, struct delivery **ret,
                    struct error *err) MUST_CHECK;
int s3_delivery_scratch(struct delivery *delivery, const char **ret_path,
                        struct error *err) MUST_CHECK;
int s3_delivery_commit(struct delivery *delivery, struct error *err) MUST_CHECK;
void s3_delivery_free(struct delivery *delivery);

int s3_remove(struct storage *storage, const struct object_name *name, int64_t since_us,
              struct cancel *cancel, struct error *err) MUST_CHECK;

struct client *s3_delivery_client(const struct s3_delivery *delivery);
struct cancel *s3_delivery_cancel(const struct s3_delivery *delivery);

const char *s3_delivery_warning(struct delivery *delivery);

/* From now on the object is there, and goes if the delivery is not committed; with a trace, only if
 * it turns out then that it is there. Copied. */
void s3_delivery_put(struct s3_delivery *delivery, const struct object_name *name,
                     const struct put_trace *doubtful);

/* That the object was to be encrypted, and the server does not say that it is. */
void s3_delivery_warn_unencrypted(struct s3_delivery *delivery, const struct object_name *name);

/* Whether it is worth while to ask the server to clean up. */
bool s3_delivery_server_answers(struct s3_delivery *delivery);
void s3_delivery_give_up(struct s3_delivery *delivery);

/* --- s3_writer.c --- */

int s3_create(struct delivery *delivery, const struct object_name *name,
              const struct object_headers *headers, struct object_writer **ret,
              struct error *err) MUST_CHECK;
int s3_write(struct object_writer *writer, const void *bytes, size_t size,
             struct error *err) MUST_CHECK;
int s3_finish(struct object_writer *writer, const void *head, size_t head_size,
              struct error *err) MUST_CHECK;
void s3_writer_free(struct object_writer *writer);

#endif
