/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder as a store. local.c has the folder, its buckets and reading; local_writer.c takes an
 * object's bytes; local_delivery.c makes objects visible; local_upload.c is where they wait for it;
 * local_list.c lists them.
 *
 *   FOLDER/BUCKET/path/of/the/key      an object; see key.h
 *   FOLDER/BUCKET/.uploads/NAME/       an unfinished delivery; see local_upload.h
 *   FOLDER/.uploads/NAME/              its temporary files
 *
 * No key reaches .uploads, and no link in a bucket leads out of it. A bucket itself may be a link
 * that whoever owns the folder has put there.
 */
#ifndef S3_LOCAL_H
#define S3_LOCAL_H

#include <stdbool.h>

#include "s3/store.h"

struct folder {
    struct storage base;
    char *path;
};

extern const struct store_ops folder_ops;

/* These return a file descriptor, or -1 with errno set. */
int folder_open_root(const struct folder *folder);
int folder_make_root(const struct folder *folder, bool *ret_made);
int open_bucket(int root, const char *bucket);
int open_beneath(int dir, const char *path, int flags); /* never leaves dir, follows no link */

/* Opens the bucket for reading what is in it. */
int folder_enter(const struct folder *folder, const struct object_name *name, int *ret_bucket,
                 struct error *err) MUST_CHECK;

/* Whether a folder can have this bucket: letters, digits, '.', '_' and '-', no '.' in front. */
int bucket_check(const struct object_name *name, struct error *err) MUST_CHECK;

/* --- local_list.c --- */

int folder_list(struct storage *storage, const struct object_name *name, struct cancel *cancel,
                struct object_list **ret, struct error *err) MUST_CHECK;

/* --- local_delivery.c --- */

struct folder_delivery;

/* An object that is being written. In its delivery's arena. */
struct folder_object {
    struct folder_object *next, *before; /* in the order in which they were finished */
    struct upload *upload;
    char file[16];          /* its name in the upload's folder */
    const char *uri, *path; /* path: in the bucket */
    struct object_headers headers;
    const char *placed; /* during a commit: the path it was given … */
    bool replaced;      /* … and its file now holds what stood there before */
};

int folder_delivery_new(struct storage *storage, struct cancel *cancel, struct delivery **ret,
                        struct error *err) MUST_CHECK;
int folder_delivery_scratch(struct delivery *delivery, const char **ret_path,
                            struct error *err) MUST_CHECK;
int folder_delivery_commit(struct delivery *delivery, struct error *err) MUST_CHECK;
int folder_remove(struct storage *storage, const struct object_name *name, int64_t since_us,
                  struct cancel *cancel, struct error *err) MUST_CHECK;
void folder_delivery_free(struct delivery *delivery);

/* Begins an object and makes its file, open for reading and writing. */
int delivery_add(struct folder_delivery *delivery, const struct object_name *name,
                 const struct object_headers *headers, struct folder_object **ret, int *ret_fd,
                 struct error *err) MUST_CHECK;
void delivery_finished(struct folder_delivery *delivery, struct folder_object *object);
void delivery_abandoned(const struct folder_object *object);

/* --- local_writer.c --- */

int folder_create(struct delivery *delivery, const struct object_name *name,
                  const struct object_headers *headers, struct object_writer **ret,
                  struct error *err) MUST_CHECK;
int folder_write(struct object_writer *writer, const void *bytes, size_t size,
                 struct error *err) MUST_CHECK;
int folder_finish(struct object_writer *writer, const void *head, size_t head_size,
                  struct error *err) MUST_CHECK;
void folder_writer_free(struct object_writer *writer);

#endif
