/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/remote.h"

#include <stdlib.h>
#include <string.h>

#include "s3/store.h"

enum {
    BLOCK = 64 * 1024,
    BLOCKS = 128,  /* kept */
    RUN_FIRST = 4, /* blocks of the fetch that opens an object */
    RUN_MOST = 16, /* blocks of the longest fetch */
    PLACES = 4,
};

/* Where a fetch has ended, and how long it was. */
struct place {
    int64_t block;
    int run;
    uint64_t used; /* when; 0: never */
};

struct slot {
    int64_t block;
    uint64_t used; /* when; 0: empty */
};

struct remote {
    struct object_reader base;
    struct arena *arena;
    struct client *client, *own_client;
    struct request request;

    uint64_t now; /* counts uses */
    struct slot slots[BLOCKS];
    struct place places[PLACES];
    char *kept;    /* BLOCKS blocks */
    char *fetched; /* RUN_MOST blocks, as they came */
};

static void remote_close(struct object_reader *reader)
{
    struct remote *remote = (struct remote *)reader;
    client_free(&remote->own_client);
    arena_free(&remote->arena);
    free(remote->kept);
    free(remote->fetched);
    free(remote);
}

static void close_remote(struct remote **remote)
{
    if (*remote)
        remote_close(&(*remote)->base);
}

/* --- what is kept --- */

static struct slot *slot_of(struct remote *remote, int64_t block)
{
    for (int i = 0; i < BLOCKS; i++) {
        if (remote->slots[i].used && remote->slots[i].block == block)
            return &remote->slots[i];
    }
    return NULL;
}

static char *block_bytes(const struct remote *remote, const struct slot *slot)
{
    return remote->kept + (slot - remote->slots) * BLOCK;
}

/* Puts a block where the one is that was not used for longest. */
static void keep(struct remote *remote, int64_t block, const char *bytes, size_t size)
{
    struct slot *oldest = &remote->slots[0];
    for (int i = 1; i < BLOCKS; i++) {
        if (remote->slots[i].used < oldest->used)
            oldest = &remote->slots[i];
    }
    *oldest = (struct slot){block, ++remote->now};
    memcpy(block_bytes(remote, oldest), bytes, size);
}

/* --- fetching --- */

/* How many blocks to fetch from this one on: more where somebody reads on. */
static int run_length(struct remote *remote, int64_t block)
{
    struct place *place = &remote->places[0];
    bool reads_on = false;
    for (int i = 0; i < PLACES && !reads_on; i++) {
        reads_on = remote->places[i].used && remote->places[i].block == block;
        if (reads_on || remote->places[i].used < place->used)
            place = &remote->places[i];
    }
    int run = !remote->now ? RUN_FIRST : reads_on ? 2 * place->run : 1;
    run = run < RUN_MOST ? run : RUN_MOST;
    *place = (struct place){block + run, run, ++remote->now};
    return run;
}

/* Up to the next block that is here already, and the object's end. */
static int cut_run(struct remote *remote, int64_t block, int run)
{
    int64_t end = (remote->base.info.bytes + BLOCK - 1) / BLOCK;
    int length = 1;
    while (length < run && block + length < end && !slot_of(remote, block + length))
        length++;
    return length;
}

static void keep_run(struct remote *remote, int64_t block, size_t size)
{
    for (size_t at = 0; at < size; at += BLOCK)
        keep(remote, block + (int64_t)(at / BLOCK), remote->fetched + at,
             size - at < BLOCK ? size - at : BLOCK);
}

static int fetch(struct remote *remote, int64_t block, struct error *err)
{
    int run = cut_run(remote, block, run_length(remote, block));
    int64_t left = remote->base.info.bytes - block * BLOCK;
    struct request request = remote->request;
    request.verb = "read";
    request.first = block * BLOCK;
    request.into_size = left < run * BLOCK ? (size_t)left : (size_t)run * BLOCK;
    request.pinned = &remote->base.info;
    request.into = remote->fetched;

    CLEANUP(answer_release) struct answer answer = {0};
    if (client_send(remote->client, &request, &answer, err) < 0)
        return -1;
    keep_run(remote, block, answer.size);
    return 0;
}

/* No range of an empty object can be had. */
static int open_empty(struct remote *remote, struct error *err)
{
    struct request request = remote->request;
    request.method = "HEAD";
    CLEANUP(answer_release) struct answer answer = {0};
    if (client_send(remote->client, &request, &answer, err) < 0)
        return -1;
    if (answer.info.bytes)
        return error_set(err, ERROR_HTTP_UNKNOWN,
                         "cannot %s '%s': the server does not serve ranges of an object",
                         request.verb, request.uri);
    remote->base.info = answer.info;
    return 0;
}

static int fetch_first(struct remote *remote, struct error *err)
{
    struct request request = remote->request;
    request.into = remote->fetched;
    request.into_size = (size_t)run_length(remote, 0) * BLOCK;

    CLEANUP(answer_release) struct answer answer = {0};
    if (client_send(remote->client, &request, &answer, err) < 0)
        return answer.status == 416 ? open_empty(remote, err) : -1;
    remote->base.info = answer.info;
    keep_run(remote, 0, answer.size);
    return 0;
}

/* --- the reader --- */

static int remote_read(struct object_reader *reader, int64_t offset, void *buffer, size_t size,
                       size_t *ret_size, struct error *err)
{
    struct remote *remote = (struct remote *)reader;
    size_t done = 0;
    while (done < size && offset < reader->info.bytes) {
        int64_t block = offset / BLOCK;
        struct slot *slot = slot_of(remote, block);
        if (!slot) {
            if (fetch(remote, block, err) < 0)
                return -1;
            continue;
        }
        slot->used = ++remote->now;
        size_t in_block = (size_t)(offset % BLOCK), part = BLOCK - in_block;
        part = part < size - done ? part : size - done;
        if ((int64_t)part > reader->info.bytes - offset)
            part = (size_t)(reader->info.bytes - offset);
        memcpy((char *)buffer + done, block_bytes(remote, slot) + in_block, part);
        done += part;
        offset += (int64_t)part;
    }
    *ret_size = done;
    return 0;
}

/* It came with the first range, unless the server has none. */
static int remote_etag(struct object_reader *reader, struct error *err)
{
    (void)reader, (void)err;
    return 0;
}

static const struct reader_ops remote_ops = {
    .close = remote_close,
    .read = remote_read,
    .etag = remote_etag,
};

int remote_open(struct object_reader **ret, struct client *client, struct client *own_client,
                const struct request *request, struct error *err)
{
    CLEANUP(close_remote) struct remote *remote = calloc(1, sizeof(*remote));
    if (!remote) {
        client_free(&own_client);
        return error_set(err, ERROR_BUG, "out of memory");
    }
    remote->base.ops = &remote_ops;
    remote->client = client;
    remote->own_client = own_client;
    remote->arena = arena_new();
    remote->request = *request;
    remote->request.uri = copy_text(remote->arena, request->uri);
    remote->request.bucket = copy_text(remote->arena, request->bucket);
    remote->request.key = copy_text(remote->arena, request->key);
    remote->request.url = copy_text(remote->arena, request->url);
    remote->kept = malloc((size_t)BLOCKS * BLOCK);
    remote->fetched = malloc((size_t)RUN_MOST * BLOCK);
    if (!remote->kept || !remote->fetched)
        return error_set(err, ERROR_BUG, "out of memory");
    if (fetch_first(remote, err) < 0)
        return -1;
    *ret = &remote->base;
    remote = NULL;
    return 0;
}
