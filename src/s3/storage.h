/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects in buckets, wherever they are kept. A store is chosen once per process and serves
 * all s3:// names: local.c keeps a bucket as a folder and an object as a file, s3.c asks an S3
 * server. Inputs may also be http:// and https:// URLs (web.c) and files.
 *
 * Reading: an object_reader reads any range of one object; it may be used by one thread at a time.
 *
 * Listing: an object_list gives the objects of a bucket one after the other, to one thread.
 *
 * Writing: a run puts its objects into one `delivery`. An object_writer streams one object; after
 * object_finish() it is complete. delivery_commit() makes all finished objects visible, in the
 * order in which they were finished, so whoever finishes segments first, then the playlists that
 * name them, then the top-level playlist, never shows a playlist whose parts are missing. A
 * delivery that is freed without a commit leaves nothing: no object under a final name, no
 * unfinished upload. A store that cannot hold objects back may show them between finish and
 * commit; on abort it deletes them. A server that does not answer is asked to clean up for some ten
 * seconds, and then no more.
 *
 * Buckets are not created by writing, except by a folder store.
 *
 * Threads: one store and one delivery may be used by many threads; one reader or writer by one.
 * Every call may block on disk or network.
 *
 * Errors are MediaConvert's, but for ERROR_CANCELED: ERROR_NOT_FOUND (1404), ERROR_PERMISSION
 * (1401), ERROR_DISK_FULL, ERROR_SOURCE_READ (1076: changed while it was read), ERROR_HTTP_SERVER
 * (3450), ERROR_HTTP_CONNECTION (3451), ERROR_FILE_OPEN (1056) for the rest, and for http:// inputs
 * ERROR_HTTP_UNAUTHORIZED (3401), _FORBIDDEN (3403), _NOT_FOUND (3404), _UNKNOWN (3999). The
 * message names bucket and key.
 */
#ifndef S3_STORAGE_H
#define S3_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/error.h"

struct storage;
struct object_reader;
struct object_writer;
struct object_list;
struct delivery;

struct object_info {
    int64_t bytes;
    int64_t modified_us; /* since 1970 */
    char etag[72];       /* without quotes; "" while it is not known (object_etag) */
    char content_type[128];
    char encryption[32]; /* as an S3 server calls it: "aws:kms"; "" where it says none */
};

/* Any of them may be NULL. Copied. */
struct object_headers {
    const char *content_type;     /* "video/MP2T" */
    const char *content_encoding; /* "gzip" */
    const char *canned_acl;       /* as S3 spells it: "public-read" */
    const char *storage_class;    /* as S3 spells it: "STANDARD_IA" */

    /* What an S3 server shall do; a folder does none of it. */
    const char *encryption;  /* "AES256", "aws:kms" */
    const char *kms_key;     /* its ARN */
    const char *kms_context; /* base64 */
};

/* A folder as storage: a bucket is a folder in it, an object a file at the path that key.h gives
 * it. Made, as its buckets are, when something is written. Links in a bucket are not followed. */
int storage_open_folder(struct storage **ret, const char *folder, struct error *err) MUST_CHECK;

struct s3_options {
    const char *endpoint; /* "https://s3.example.com:9000" */
    bool virtual_host;    /* BUCKET.s3.example.com instead of s3.example.com/BUCKET */
};

/* An S3 server as storage; credentials.h says whose name is used. Nothing is sent yet. */
int storage_open_s3(struct storage **ret, const struct s3_options *options,
                    struct error *err) MUST_CHECK;

void storage_free(struct storage **storage);

/* Whether writing into a bucket that is not there makes it. */
bool storage_makes_buckets(const struct storage *storage);
/* How many requests were sent to the store again, after a failure; those for http:// inputs are not
 * among them. */
int64_t storage_retries(const struct storage *storage);

/* Whether a delivery was freed that may have left something: the store refused to remove it, or did
 * not answer. */
bool storage_is_littered(const struct storage *storage);

/* Splits "s3://bucket/key/with/slashes"; pointers into uri. */
int storage_split_uri(const char *uri, const char **ret_bucket, size_t *ret_bucket_length,
                      const char **ret_key, struct error *err) MUST_CHECK;

/**
 * Opens an input: s3://bucket/key in this storage; file:///path, http://… or https://… outside it.
 * The first two are not percent-decoded.
 *
 * @param cancel  makes this and every read that waits for a network fail soon with ERROR_CANCELED;
 *                may be NULL, must outlive the reader
 * @retval -1  ERROR_NOT_FOUND, ERROR_PERMISSION, ERROR_FILE_OPEN (a directory, say)
 */
int storage_open(struct storage *storage, const char *uri, struct cancel *cancel,
                 struct object_reader **ret, struct error *err) MUST_CHECK;
void object_close(struct object_reader **reader);
const struct object_info *object_info(const struct object_reader *reader);

/* The ETag; where the store does not know it, the whole object is read for it. "" for what a web
 * server gives none. */
int object_etag(struct object_reader *reader, const char **ret, struct error *err) MUST_CHECK;

/**
 * Reads up to `size` bytes at `offset`. Short only at the object's end; 0 bytes past it.
 *
 * @retval -1  nothing was read
 */
int object_read(struct object_reader *reader, int64_t offset, void *buffer, size_t size,
                size_t *ret_size, struct error *err) MUST_CHECK;

/* An object as a list has it; valid until the next one is asked for. */
struct object_entry {
    const char *key;
    int64_t bytes;
    int64_t modified_us;       /* since 1970 */
    const char *etag;          /* without quotes; "" where only reading the object would tell */
    const char *storage_class; /* as S3 spells it: "STANDARD" */
};

/**
 * Begins a list of the objects of "s3://bucket", or of those whose keys begin with the prefix of
 * "s3://bucket/prefix", in the order of S3: by the bytes of their keys. However many there are, a
 * page of them is in memory. An object that comes or goes meanwhile may be there or not.
 *
 * @param cancel  as for storage_open(), and it ends a folder's list, too
 * @retval -1  ERROR_NOT_FOUND: there is no such bucket
 */
int storage_list(struct storage *storage, const char *uri, struct cancel *cancel,
                 struct object_list **ret, struct error *err) MUST_CHECK;

/* The next object; *ret is NULL after the last one. Nothing can be asked for after a failure. */
int object_list_next(struct object_list *list, const struct object_entry **ret,
                     struct error *err) MUST_CHECK;
void object_list_free(struct object_list **list);

/* Begins a delivery. `storage` must outlive it, and so must `cancel`, which may be NULL: what waits
 * for a network, or a commit for somebody else's, gives up when it says so. */
int delivery_new(struct storage *storage, struct cancel *cancel, struct delivery **ret,
                 struct error *err) MUST_CHECK;

/* Somebody who keeps on record which objects may be there, for the case that this process is
 * killed. He is told of each before anybody can see it: by a commit, of all that it is about to
 * show (none, where they can be seen already); by a store that cannot hold objects back, of each
 * one when it is begun, from the thread that begins it. -1: then it is not shown. */
struct announcer {
    int (*announce)(struct announcer *announcer, const char *const *uris, int count,
                    struct error *err) MUST_CHECK;
};

/* To be called before the delivery's first object; `announcer` must outlive it. */
void delivery_announce_to(struct delivery *delivery, struct announcer *announcer);

/* The absolute path of a folder for this delivery's small temporary files, made at the first call;
 * the same path every time. It goes, with its files, with the commit or the delivery; the next
 * delivery removes what a killed process left. Files in it are called as in local_upload.h. */
int delivery_scratch(struct delivery *delivery, const char **ret_path,
                     struct error *err) MUST_CHECK;

/* Makes every finished object visible. After a failure none of them is and what they replaced is
 * back, as far as that can be undone. Nothing can be added afterwards.
 *
 * @retval -1  also ERROR_CANCELED: nothing has become visible */
int delivery_commit(struct delivery *delivery, struct error *err) MUST_CHECK;

/* What was asked of the store and perhaps not done, for a person to read; NULL: nothing. Valid as
 * long as the delivery. */
const char *delivery_warning(struct delivery *delivery);

/* Aborts what was not committed; writers must be freed before. Accepts NULL. */
void delivery_free(struct delivery **delivery);

/* Starts an object. `uri` is s3://bucket/key; `headers` may be NULL. */
int object_create(struct delivery *delivery, const char *uri, const struct object_headers *headers,
                  struct object_writer **ret, struct error *err) MUST_CHECK;
int object_write(struct object_writer *writer, const void *bytes, size_t size,
                 struct error *err) MUST_CHECK;

/* The object is complete: `head` (may be empty) followed by everything written. An index that is
 * known last but stands first (an MP4's moov) is given here. */
int object_finish(struct object_writer *writer, const void *head, size_t head_size,
                  struct error *err) MUST_CHECK;

/* Abandons an object that was not finished. Accepts NULL. */
void object_writer_free(struct object_writer **writer);

/* Removes what a killed process may have left of an object: the object itself, unless it is older
 * than `since_us` (since 1970) and so not that process's, and its unfinished uploads. That there is
 * nothing is no error. `cancel` may be NULL. */
int storage_remove(struct storage *storage, const char *uri, int64_t since_us,
                   struct cancel *cancel, struct error *err) MUST_CHECK;

/* Removes unfinished deliveries of killed processes, where a store can tell. Best effort. */
void storage_sweep(struct storage *storage);

/* All at once: create, write, finish. */
int object_put(struct delivery *delivery, const char *uri, const struct object_headers *headers,
               const void *bytes, size_t size, struct error *err) MUST_CHECK;

#endif
