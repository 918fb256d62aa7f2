/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has put, so that it can be taken back. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "s3/file.h"
#include "s3/s3.h"
#include "s3/s3_bucket.h"
#include "s3/s3_upload.h"

struct put_object {
    struct put_object *before;
    const char *bucket, *key;
    const struct put_trace *doubtful; /* it may not be there, or be another; NULL: it is ours */
};

struct s3_delivery {
    struct delivery base;
    struct storage *storage;
    struct client *client;
    struct cancel *cancel;
    struct storage *scratch_storage; /* a folder for temporary files, made when asked for; … */
    struct delivery *scratch;        /* … nothing of it is ever delivered */

    pthread_mutex_t lock;
    /* ---- guarded by lock ---- */
    struct arena *arena;
    struct put_object *last;
    bool silent;         /* the server does not answer any more: it is not asked to clean up */
    const char *warning; /* NULL: none */
};

int s3_delivery_new(struct storage *storage, struct cancel *cancel, struct delivery **ret,
                    struct error *err)
{
    struct s3_delivery *delivery = calloc(1, sizeof(*delivery));
    if (!delivery)
        return error_set(err, ERROR_BUG, "out of memory");
    delivery->base.ops = &s3_ops;
    delivery->storage = storage;
    delivery->client = ((struct s3 *)storage)->client;
    delivery->cancel = cancel;
    delivery->arena = arena_new();
    pthread_mutex_init(&delivery->lock, NULL);
    *ret = &delivery->base;
    return 0;
}

struct client *s3_delivery_client(const struct s3_delivery *delivery)
{
    return delivery->client;
}

struct cancel *s3_delivery_cancel(const struct s3_delivery *delivery)
{
    return delivery->cancel;
}

/* --- temporary files --- */

/* A folder that is ours and that nobody else can write to, although /tmp is everybody's. */
static int make_private_folder(char path[PATH_MAX], struct error *err)
{
    const char *tmp = getenv("TMPDIR");
    struct stat st;
    snprintf(path, PATH_MAX, "%s/mediaconvert-local-%d", tmp && *tmp ? tmp : "/tmp",
             (int)geteuid());
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return file_error(err, "make", path);
    if (lstat(path, &st) < 0)
        return file_error(err, "open", path);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 022)
        return error_set(err, ERROR_PERMISSION, "'%s' is not a folder of ours alone", path);
    return 0;
}

int s3_delivery_scratch(struct delivery *base, const char **ret_path, struct error *err)
{
    struct s3_delivery *delivery = (struct s3_delivery *)base;
    char path[PATH_MAX];
    if (!delivery->scratch &&
        (make_private_folder(path, err) < 0 ||
         storage_open_folder(&delivery->scratch_storage, path, err) < 0 ||
         delivery_new(delivery->scratch_storage, NULL, &delivery->scratch, err) < 0))
        return -1;
    return delivery_scratch(delivery->scratch, ret_path, err);
}

/* --- objects --- */

void s3_delivery_put(struct s3_delivery *delivery, const struct object_name *name,
                     const struct put_trace *doubtful)
{
    pthread_mutex_lock(&delivery->lock);
    struct put_object *object = ARENA_NEW(delivery->arena, struct put_object);
    *object = (struct put_object){
        .before = delivery->last,
        .bucket = arena_strdup(delivery->arena, name->bucket),
        .key = arena_strdup(delivery->arena, name->key),
    };
    if (doubtful) {
        struct put_trace *trace = ARENA_NEW(delivery->arena, struct put_trace);
        *trace = *doubtful;
        object->doubtful = trace;
    }
    delivery->last = object;
    pthread_mutex_unlock(&delivery->lock);
}

void s3_delivery_warn_unencrypted(struct s3_delivery *delivery, const struct object_name *name)
{
    pthread_mutex_lock(&delivery->lock);
    if (!delivery->warning)
        delivery->warning = arena_printf(
            delivery->arena, "'%s' may not be encrypted: the server does not say so", name->uri);
    pthread_mutex_unlock(&delivery->lock);
}

const char *s3_delivery_warning(struct delivery *base)
{
    struct s3_delivery *delivery = (struct s3_delivery *)base;
    pthread_mutex_lock(&delivery->lock);
    const char *warning = delivery->warning;
    pthread_mutex_unlock(&delivery->lock);
    return warning;
}

bool s3_delivery_server_answers(struct s3_delivery *delivery)
{
    pthread_mutex_lock(&delivery->lock);
    bool silent = delivery->silent;
    pthread_mutex_unlock(&delivery->lock);
    return !silent;
}

void s3_delivery_give_up(struct s3_delivery *delivery)
{
    pthread_mutex_lock(&delivery->lock);
    delivery->silent = true;
    pthread_mutex_unlock(&delivery->lock);
}

/* All of it is visible already. */
int s3_delivery_commit(struct delivery *base, struct error *err)
{
    struct s3_delivery *delivery = (struct s3_delivery *)base;
    if (announce(base, NULL, 0, err) < 0)
        return -1;
    if (cancel_requested(delivery->cancel))
        return error_set(err, ERROR_CANCELED, "canceled");
    delivery->last = NULL;
    delivery_free(&delivery->scratch);
    return 0;
}

/* The newest first, so that no playlist names what has gone. A server that no longer answers is
 * not asked for every object. What stood there before and was not replaced stays. Returns whether
 * nothing is left. */
static bool take_back(const struct s3_delivery *delivery)
{
    struct error err = {0};
    bool all = true;
    for (const struct put_object *object = delivery->last; object; object = object->before) {
        struct s3_bucket bucket = {delivery->client, object->bucket, NULL, true};
        int there =
            object->doubtful ? s3_bucket_has(&bucket, object->key, object->doubtful, &err) : 1;
        if (there == 0 || (there > 0 && s3_bucket_delete(&bucket, object->key, &err) == 0))
            continue;
        all = false;
        if (err.kind >= ERROR_HTTP_SERVER)
            break;
    }
    return all;
}

void s3_delivery_free(struct delivery *base)
{
    struct s3_delivery *delivery = (struct s3_delivery *)base;
    if (delivery->silent || !take_back(delivery))
        atomic_store(&delivery->storage->littered, true);
    delivery_free(&delivery->scratch);
    storage_free(&delivery->scratch_storage);
    pthread_mutex_destroy(&delivery->lock);
    arena_free(&delivery->arena);
    free(delivery);
}

/* --- what a killed process left --- */

int s3_remove(struct storage *storage, const struct object_name *name, int64_t since_us,
              struct cancel *cancel, struct error *err)
{
    enum { CLOCKS_DIFFER_US = 60 * 1000000 }; // the server's and ours; and it counts seconds
    struct client *client = ((struct s3 *)storage)->client;
    struct s3_bucket bucket = {client, name->bucket, cancel, true};
    struct s3_upload upload = {.client = client, .name = *name, .cancel = cancel};
    if (s3_upload_abort_others(&upload, err) < 0 && err->kind == ERROR_CANCELED)
        return -1;

    struct object_info info;
    if (s3_bucket_head(&bucket, name->key, &info, err) < 0)
        return err->kind == ERROR_NOT_FOUND ? 0 : -1;
    if (info.modified_us + CLOCKS_DIFFER_US < since_us)
        return 0;
    return s3_bucket_delete(&bucket, name->key, err);
}
