/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has put, so that it can be taken back. */
#include <pthread.h>

#include "s3/s3.h"
#include "s3/s3_bucket.h"

struct put_object {
    struct put_object *before;
    const char *bucket, *key;
};

struct s3_delivery {
    struct delivery base;
    struct s3 *s3;

    pthread_mutex_t lock;
    /* ---- guarded by lock ---- */
    struct arena *arena;
    struct put_object *last;
};

int s3_delivery_new(struct storage *storage, struct delivery **ret, struct error *err)
{
    struct s3_delivery *delivery = calloc(1, sizeof(*delivery));
    if (!delivery)
        return error_set(err, ERROR_BUG, "out of memory");
    delivery->base.ops = &s3_ops;
    delivery->s3 = (struct s3 *)storage;
    delivery->arena = arena_new();
    pthread_mutex_init(&delivery->lock, NULL);
    *ret = &delivery->base;
    return 0;
}

struct s3 *s3_of(const struct s3_delivery *delivery)
{
    return delivery->s3;
}

void s3_delivery_put(struct s3_delivery *delivery, const struct object_name *name)
{
    pthread_mutex_lock(&delivery->lock);
    struct put_object *object = ARENA_NEW(delivery->arena, struct put_object);
    *object = (struct put_object){
        .before = delivery->last,
        .bucket = arena_strdup(delivery->arena, name->bucket),
        .key = arena_strdup(delivery->arena, name->key),
    };
    delivery->last = object;
    pthread_mutex_unlock(&delivery->lock);
}

/* All of it is visible already. */
int s3_delivery_commit(struct delivery *base, struct error *err)
{
    struct s3_delivery *delivery = (struct s3_delivery *)base;
    if (cancel_requested(delivery->s3->base.cancel))
        return error_set(err, ERROR_CANCELED, "canceled");
    delivery->last = NULL;
    return 0;
}

/* The newest first, so that no playlist names what has gone. A server that no longer answers is
 * not asked for every object. */
static void take_back(const struct s3_delivery *delivery)
{
    struct error err = {0};
    for (const struct put_object *object = delivery->last; object; object = object->before) {
        struct s3_bucket bucket = {delivery->s3->client, object->bucket, NULL};
        if (s3_bucket_delete(&bucket, object->key, &err) < 0 && err.kind >= ERROR_HTTP_SERVER)
            return;
    }
}

void s3_delivery_free(struct delivery *base)
{
    struct s3_delivery *delivery = (struct s3_delivery *)base;
    take_back(delivery);
    pthread_mutex_destroy(&delivery->lock);
    arena_free(&delivery->arena);
    free(delivery);
}
