/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one object on their way into its file, and their MD5 with them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "s3/digest.h"
#include "s3/file.h"
#include "s3/local.h"

struct folder_writer {
    struct object_writer base;
    struct folder_delivery *delivery;
    struct folder_object *object;
    int fd; /* -1 once finished */
    int64_t bytes;
    EVP_MD_CTX *md5;
};

static struct folder_writer *folder_writer(struct object_writer *writer)
{
    return (struct folder_writer *)writer;
}

int folder_create(struct delivery *delivery, const struct object_name *name,
                  const struct object_headers *headers, struct object_writer **ret,
                  struct error *err)
{
    struct folder_writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return error_set(err, ERROR_BUG, "out of memory");
    writer->base.ops = &folder_ops;
    CLEANUP(object_writer_free) struct object_writer *owned = &writer->base;
    writer->delivery = (struct folder_delivery *)delivery;
    writer->fd = -1;
    writer->md5 = md5_new();
    if (!writer->md5)
        return error_set(err, ERROR_BUG, "out of memory");
    if (delivery_add(writer->delivery, name, headers, &writer->object, &writer->fd, err) < 0)
        return -1;
    *ret = TAKE(owned);
    return 0;
}

int folder_write(struct object_writer *object_writer, const void *bytes, size_t size,
                 struct error *err)
{
    struct folder_writer *writer = folder_writer(object_writer);
    if (file_write_at(writer->fd, writer->bytes, bytes, size) < 0)
        return file_error(err, "write", writer->object->uri);
    EVP_DigestUpdate(writer->md5, bytes, size);
    writer->bytes += (int64_t)size;
    return 0;
}

/*
 * Puts `head` in front of the file's bytes, in place and in one pass from front to back: each
 * block is read before what belongs in its place is written there. The MD5 begins anew on the way.
 */
static int put_in_front(struct folder_writer *writer, const void *head, size_t head_size)
{
    enum { BLOCK = 1024 * 1024 };
    CLEANUP(md5_free) EVP_MD_CTX *md5 = md5_new();
    CLEANUP(free_pointer) char *held = malloc(head_size + BLOCK); // read or given, not yet written
    if (!md5 || !held) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(held, head, head_size);

    for (int64_t at = 0; at < writer->bytes + (int64_t)head_size;) {
        ssize_t n = file_read_at(writer->fd, at, held + head_size, BLOCK);
        if (n < 0)
            return -1;
        size_t size = n ? (size_t)n : head_size; // at the end, what is still held
        if (file_write_at(writer->fd, at, held, size) < 0)
            return -1;
        EVP_DigestUpdate(md5, held, size);
        memmove(held, held + size, n ? head_size : 0);
        at += (int64_t)size;
    }
    md5_free(&writer->md5);
    writer->md5 = TAKE(md5);
    writer->bytes += (int64_t)head_size;
    return 0;
}

int folder_finish(struct object_writer *object_writer, const void *head, size_t head_size,
                  struct error *err)
{
    struct folder_writer *writer = folder_writer(object_writer);
    if (head_size && put_in_front(writer, head, head_size) < 0)
        return file_error(err, "write", writer->object->uri);

    char etag[33];
    md5_hex(writer->md5, etag);
    file_set_attributes(writer->fd, etag, &writer->object->headers);
    // Here and not in the commit, which is then quick, and only this file: syncfs() would wait for
    // what everybody else writes to the disk. It costs a small object one or two milliseconds.
    if (file_sync(writer->fd) < 0)
        return file_error(err, "write", writer->object->uri);
    file_close(&writer->fd);
    delivery_finished(writer->delivery, writer->object);
    return 0;
}

void folder_writer_free(struct object_writer *object_writer)
{
    struct folder_writer *writer = folder_writer(object_writer);
    if (writer->fd >= 0)
        delivery_abandoned(writer->object);
    file_close(&writer->fd);
    md5_free(&writer->md5);
    free(writer);
}
