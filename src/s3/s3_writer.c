/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of one object on their way to the server.
 *
 *   head │ first (up to 5 MiB) │ part 2 │ part 3 │ …
 *
 * `first` stays in memory until the object is finished, because then it may get a head. Most
 * objects end within it and are one PUT. Beyond, bytes fill parts, each sent by a thread while the
 * next one is filled; part 1, head and first together, goes last. So a writer holds at most first,
 * the part that is being sent, and the one that is being filled.
 *
 * A part is 5 MiB, the least that S3 takes, and twice that after every thousand parts: 10,000 of
 * them hold 4.88 TiB; the most that S3 has in an object is 5 TiB.
 */
#include <pthread.h>
#include <string.h>

#include "s3/s3.h"
#include "s3/s3_upload.h"

enum {
    FIRST_BYTES = 5 << 20,
    PART_BYTES = 5 << 20,
    PARTS_OF_A_SIZE = 1000,
    PARTS_MOST = 10000,
    SENDERS = 1,
};

/* Bytes in memory that may be short. */
struct buffer {
    char *data;
    size_t size, capacity;
};

/* A part and the thread that sends it. */
struct sender {
    pthread_t thread;
    bool busy;
    const struct s3_upload *upload;
    int number;
    struct buffer buffer;           /* its own, but for part 1 … */
    struct piece body[HTTP_PIECES]; /* … whose pieces are elsewhere */
    char etag[72];
    int result;
    struct error err;
};

struct s3_writer {
    struct object_writer base;
    struct s3_delivery *delivery;
    struct arena *arena;
    struct s3_upload upload;

    struct buffer first, part;
    int64_t bytes; /* of all parts that were handed to senders */
    int parts;     /* so many, the first included */
    struct sender senders[SENDERS];
    struct buffer etags; /* 72 bytes each */
};

static struct s3_writer *s3_writer(struct object_writer *writer)
{
    return (struct s3_writer *)writer;
}

/* --- buffers --- */

/* Takes what fits below `most`; *ret_taken may be less than size. */
static int buffer_fill(struct buffer *buffer, size_t most, const void *bytes, size_t size,
                       size_t *ret_taken, struct error *err)
{
    size_t taken = size < most - buffer->size ? size : most - buffer->size;
    size_t need = buffer->size + taken;
    if (need > buffer->capacity) {
        size_t twice = 2 * buffer->capacity < most ? 2 * buffer->capacity : most;
        size_t capacity = need > twice ? need : twice;
        char *data = realloc(buffer->data, capacity);
        if (!data)
            return error_set(err, ERROR_BUG, "out of memory");
        buffer->data = data;
        buffer->capacity = capacity;
    }
    if (taken)
        memcpy(buffer->data + buffer->size, bytes, taken);
    buffer->size += taken;
    *ret_taken = taken;
    return 0;
}

static void buffer_release(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

/* --- senders --- */

static void *send_part(void *arg)
{
    struct sender *sender = arg;
    sender->result =
        s3_upload_part(sender->upload, sender->number, sender->body, sender->etag, &sender->err);
    return NULL;
}

/* The first failure of any part is the writer's. */
static int wait_for_sender(struct s3_writer *writer, struct sender *sender, struct error *err)
{
    if (!sender->busy)
        return 0;
    pthread_join(sender->thread, NULL);
    sender->busy = false;
    if (sender->result < 0) {
        *err = sender->err;
        return -1;
    }
    memcpy(writer->etags.data + (size_t)(sender->number - 1) * sizeof(sender->etag), sender->etag,
           sizeof(sender->etag));
    return 0;
}

static int wait_for_all(struct s3_writer *writer, struct error *err)
{
    int r = 0;
    struct error later;
    for (int i = 0; i < SENDERS; i++) {
        if (wait_for_sender(writer, &writer->senders[i], r < 0 ? &later : err) < 0)
            r = -1;
    }
    return r;
}

/* Parts are handed to the senders in turn: the one whose turn it is has the oldest part. */
static int hand_over(struct s3_writer *writer, int number, const struct piece body[HTTP_PIECES],
                     struct sender **ret, struct error *err)
{
    struct sender *sender = &writer->senders[number % SENDERS];
    if (wait_for_sender(writer, sender, err) < 0)
        return -1;
    sender->upload = &writer->upload;
    sender->number = number;
    memcpy(sender->body, body, sizeof(sender->body));
    sender->err = (struct error){0};
    if (pthread_create(&sender->thread, NULL, send_part, sender))
        return error_set(err, ERROR_BUG, "cannot start a thread");
    sender->busy = true;
    *ret = sender;
    return 0;
}

static size_t part_size(int number)
{
    return (size_t)PART_BYTES << ((number - 1) / PARTS_OF_A_SIZE);
}

/* Room for one more ETag. */
static int count_part(struct s3_writer *writer, struct error *err)
{
    static const char none[72];
    size_t taken;
    if (writer->parts == PARTS_MOST)
        return error_set(err, ERROR_FILE_OPEN, "'%s' is larger than an object may be",
                         writer->upload.name.uri);
    writer->parts++;
    return buffer_fill(&writer->etags, PARTS_MOST * sizeof(none), none, sizeof(none), &taken, err);
}

/* Sends the part that has been filled; the sender gives an empty buffer for it. */
static int send_filled(struct s3_writer *writer, struct error *err)
{
    if (!writer->upload.begun && (s3_upload_begin(&writer->upload, writer->arena, err) < 0 ||
                                  count_part(writer, err) < 0)) // the first, which goes last
        return -1;
    struct piece body[HTTP_PIECES] = {{writer->part.data, writer->part.size}};
    struct sender *sender;
    if (count_part(writer, err) < 0 || hand_over(writer, writer->parts, body, &sender, err) < 0)
        return -1;
    writer->bytes += (int64_t)writer->part.size;
    struct buffer empty = sender->buffer;
    sender->buffer = writer->part;
    empty.size = 0;
    writer->part = empty;
    return 0;
}

/* --- the writer --- */

int s3_create(struct delivery *delivery, const struct object_name *name,
              const struct object_headers *headers, struct object_writer **ret, struct error *err)
{
    if (announce(delivery, &name->uri, 1, err) < 0)
        return -1;
    struct s3_writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return error_set(err, ERROR_BUG, "out of memory");
    struct arena *arena = writer->arena = arena_new();
    writer->base.ops = &s3_ops;
    writer->delivery = (struct s3_delivery *)delivery;

    const char *uri = arena_strdup(arena, name->uri);
    writer->upload = (struct s3_upload){
        .client = s3_delivery_client(writer->delivery),
        .name = *name,
        .headers = object_headers_copy(arena, headers),
        .cancel = s3_delivery_cancel(writer->delivery),
    };
    writer->upload.name.uri = uri;
    writer->upload.name.key = uri + (name->key - name->uri);
    *ret = &writer->base;
    return 0;
}

int s3_write(struct object_writer *object_writer, const void *bytes, size_t size, struct error *err)
{
    struct s3_writer *writer = s3_writer(object_writer);
    const char *at = bytes;
    size_t taken;
    if (buffer_fill(&writer->first, FIRST_BYTES, at, size, &taken, err) < 0)
        return -1;
    for (size -= taken, at += taken; size; size -= taken, at += taken) {
        size_t most = part_size(writer->parts + 1);
        if (buffer_fill(&writer->part, most, at, size, &taken, err) < 0)
            return -1;
        if (writer->part.size == most && send_filled(writer, err) < 0)
            return -1;
    }
    return 0;
}

/* All parts are with the server then; the object is not yet there. */
static int send_rest(struct s3_writer *writer, const struct piece body[HTTP_PIECES],
                     struct error *err)
{
    struct sender *sender;
    if (writer->part.size && send_filled(writer, err) < 0)
        return -1;
    if (hand_over(writer, 1, body, &sender, err) < 0)
        return -1;
    writer->bytes += (int64_t)(body[0].size + body[1].size);
    return wait_for_all(writer, err);
}

int s3_finish(struct object_writer *object_writer, const void *head, size_t head_size,
              struct error *err)
{
    struct s3_writer *writer = s3_writer(object_writer);
    const struct piece body[HTTP_PIECES] = {{head, head_size},
                                            {writer->first.data, writer->first.size}};
    bool in_parts = writer->upload.begun || writer->part.size;
    if (in_parts && send_rest(writer, body, err) < 0)
        return -1;
    int r = in_parts ? s3_upload_complete(&writer->upload, (const char(*)[72])writer->etags.data,
                                          writer->parts, writer->bytes, err)
                     : s3_upload_whole(&writer->upload, body, err);
    if (r == 0 || writer->upload.in_doubt)
        s3_delivery_put(writer->delivery, &writer->upload.name,
                        r == 0 ? NULL : &writer->upload.trace);
    if (r == 0 && writer->upload.unencrypted)
        s3_delivery_warn_unencrypted(writer->delivery, &writer->upload.name);
    if (r == 0)
        writer->upload.begun = false;
    return r;
}

void s3_writer_free(struct object_writer *object_writer)
{
    struct s3_writer *writer = s3_writer(object_writer);
    struct error ignored;
    (void)!wait_for_all(writer, &ignored);
    if (writer->upload.begun && s3_delivery_server_answers(writer->delivery) &&
        !s3_upload_abort(&writer->upload))
        s3_delivery_give_up(writer->delivery);
    for (int i = 0; i < SENDERS; i++)
        buffer_release(&writer->senders[i].buffer);
    buffer_release(&writer->first);
    buffer_release(&writer->part);
    buffer_release(&writer->etags);
    arena_free(&writer->arena);
    free(writer);
}
