/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies an object through a reader and a writer, as a run does it, but for the media:
 *
 *   s3_transfer FROM TO [HEAD]
 *
 * The first HEAD bytes are given last, as an MP4's index is. The storage is the S3 server of
 * AWS_ENDPOINT_URL_S3. Exit status 1, with the reason on stderr, where `run` would fail.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "s3/storage.h"

enum { BLOCK = 64 * 1024 };

static int copy_rest(struct object_reader *reader, struct object_writer *writer, int64_t at,
                     struct error *err)
{
    char block[BLOCK];
    for (size_t size;; at += (int64_t)size) {
        if (object_read(reader, at, block, sizeof(block), &size, err) < 0)
            return -1;
        if (!size)
            return 0;
        if (object_write(writer, block, size, err) < 0)
            return -1;
    }
}

static int transfer(struct storage *storage, const char *from, const char *to, size_t head_size,
                    struct error *err)
{
    CLEANUP(object_close) struct object_reader *reader = NULL;
    CLEANUP(delivery_free) struct delivery *delivery = NULL;
    CLEANUP(object_writer_free) struct object_writer *writer = NULL;
    CLEANUP(free_pointer) char *head = malloc(head_size + 1);
    size_t size;
    if (storage_open(storage, from, NULL, &reader, err) < 0 ||
        object_read(reader, 0, head, head_size, &size, err) < 0 ||
        delivery_new(storage, NULL, &delivery, err) < 0 ||
        object_create(delivery, to, NULL, &writer, err) < 0 ||
        copy_rest(reader, writer, (int64_t)size, err) < 0 ||
        object_finish(writer, head, size, err) < 0)
        return -1;
    return delivery_commit(delivery, err);
}

int main(int argc, char **argv)
{
    struct s3_options options = {.endpoint = getenv("AWS_ENDPOINT_URL_S3")};
    CLEANUP(storage_free) struct storage *storage = NULL;
    struct error err = {0};
    signal(SIGPIPE, SIG_IGN);
    if (argc >= 3 && storage_open_s3(&storage, &options, &err) == 0 &&
        transfer(storage, argv[1], argv[2], argc > 3 ? strtoul(argv[3], NULL, 10) : 0, &err) == 0)
        return 0;
    char text[1024];
    fprintf(stderr, "%d: %s\n", err.kind, error_text(&err, text, sizeof(text)));
    return 1;
}
