/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/s3.h"

#include "s3/remote.h"

static void s3_free(struct storage *storage)
{
    struct s3 *s3 = (struct s3 *)storage;
    client_free(&s3->client);
    free(s3);
}

static int s3_open(struct storage *storage, const struct object_name *name, struct cancel *cancel,
                   struct object_reader **ret, struct error *err)
{
    struct request request = {
        .method = "GET",
        .verb = "open",
        .uri = name->uri,
        .bucket = name->bucket,
        .key = name->key,
        .cancel = cancel,
    };
    return remote_open(ret, ((struct s3 *)storage)->client, NULL, &request, err);
}

/* Nobody can tell whose an unfinished upload is; s3_remove() aborts those of one object. */
static void s3_sweep(struct storage *storage)
{
    (void)storage;
}

static int64_t s3_retries(const struct storage *storage)
{
    return client_retries(((const struct s3 *)storage)->client);
}

const struct store_ops s3_ops = {
    .free = s3_free,
    .open = s3_open,
    .list = s3_list,
    .remove = s3_remove,
    .sweep = s3_sweep,
    .retries = s3_retries,
    .delivery_new = s3_delivery_new,
    .delivery_scratch = s3_delivery_scratch,
    .delivery_commit = s3_delivery_commit,
    .delivery_free = s3_delivery_free,
    .delivery_warning = s3_delivery_warning,
    .create = s3_create,
    .write = s3_write,
    .finish = s3_finish,
    .writer_free = s3_writer_free,
};

int storage_open_s3(struct storage **ret, const struct s3_options *options, struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct credentials credentials;
    if (credentials_find(arena, &credentials, err) < 0)
        return -1;

    struct s3 *s3 = calloc(1, sizeof(*s3));
    if (!s3)
        return error_set(err, ERROR_BUG, "out of memory");
    s3->base.ops = &s3_ops;
    struct client_options client_options = {
        .endpoint = options->endpoint,
        .virtual_host = options->virtual_host,
        .credentials = &credentials,
    };
    if (client_new(&s3->client, &client_options, err) < 0) {
        free(s3);
        return error_add(err, "S3 endpoint");
    }
    *ret = &s3->base;
    return 0;
}
