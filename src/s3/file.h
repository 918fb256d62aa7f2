/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One regular file as an object: read by range, and with what S3 keeps beside an object's bytes
 * in extended attributes (user.s3.etag, user.s3.content-type, …). A filesystem without those
 * loses them, which is no error: the ETag is then computed when somebody asks for it.
 */
#ifndef S3_FILE_H
#define S3_FILE_H

#include "s3/storage.h"

/* Sets err to what errno means for an object: "cannot <verb> '<uri>': <why>"; returns -1. */
int file_error(struct error *err, const char *verb, const char *uri);

/* A reader of *fd, which it takes over on success, leaving -1. Regular files only. */
int file_reader_new(struct object_reader **ret, int *fd, const char *uri,
                    struct error *err) MUST_CHECK;

/* Opens file:///path; the path is taken as it stands, nothing in it is percent-encoded. */
int file_open(const char *uri, struct object_reader **ret, struct error *err) MUST_CHECK;

/* What is known of a regular file, which may have been opened with O_PATH; `storage_class` is
 * "STANDARD" where nobody has asked for another. -1 with errno set, ENOENT for no regular file. */
int file_look(int fd, struct object_info *ret, char *storage_class, size_t size);

/* Reads or writes all of it, whatever signals come; -1 with errno set. file_read_at() is short
 * only at the file's end. */
ssize_t file_read_at(int fd, int64_t offset, void *buffer, size_t size);
int file_write_at(int fd, int64_t offset, const void *bytes, size_t size);

/* fsync(), also of a folder. A filesystem that has nothing to bring to a disk is no error. */
int file_sync(int fd);

/* Puts the ETag and the headers with the file. Nothing may be written to it afterwards. */
void file_set_attributes(int fd, const char *etag, const struct object_headers *headers);

void file_close(int *fd); /* for CLEANUP; accepts -1 */

#endif
