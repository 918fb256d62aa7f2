/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run writes into a folder, out of sight until all of it is complete.
 *
 * An object's file is on the disk when it is finished. A commit renames the files one by one in the
 * order in which they were finished, and brings the folders to the disk that it has changed. What
 * an object replaces changes places with it and is removed last, so that a commit that fails midway
 * can go back. (Where the filesystem cannot exchange two files, the replaced objects are lost if
 * the commit fails.)
 *
 * A process that is killed within a commit leaves the objects renamed so far. Where nothing was
 * before, they lack nothing: a playlist is finished after what it names. Where they replace what an
 * earlier run has delivered, that run's playlists may stay beside segments that are already new;
 * running the job again mends it. After a power cut it is the filesystem that says which renames
 * are there; one with a journal keeps their order.
 */
#include "s3/local.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "s3/file.h"
#include "s3/key.h"
#include "s3/local_upload.h"

struct folder_delivery {
    struct delivery base;
    const struct folder *folder;
    struct cancel *cancel;

    /* ------ guarded by lock ------ */
    pthread_mutex_t lock;
    struct arena *arena;
    struct upload *uploads;
    struct folder_object *first, *last; /* finished, in that order */
    int files;                          /* counts up, to name them */
    const char *scratch;                /* NULL until somebody asks for it */
};

static struct folder_delivery *folder_delivery(struct delivery *delivery)
{
    return (struct folder_delivery *)delivery;
}

int folder_delivery_new(struct storage *storage, struct cancel *cancel, struct delivery **ret,
                        struct error *err)
{
    struct folder_delivery *delivery = calloc(1, sizeof(*delivery));
    if (!delivery)
        return error_set(err, ERROR_BUG, "out of memory");
    delivery->base.ops = &folder_ops;
    delivery->folder = (const struct folder *)storage;
    delivery->cancel = cancel;
    delivery->arena = arena_new();
    pthread_mutex_init(&delivery->lock, NULL);
    upload_sweep(delivery->folder);
    *ret = &delivery->base;
    return 0;
}

/* --- objects on their way --- */

/* Called with the lock held. -1 with errno set. */
static int find_upload(struct folder_delivery *delivery, const char *bucket, struct upload **ret)
{
    for (struct upload *u = delivery->uploads; u; u = u->next) {
        if (!strcmp(u->bucket_name, bucket)) {
            *ret = u;
            return 0;
        }
    }
    struct upload *upload = ARENA_NEW(delivery->arena, struct upload);
    if (upload_open(delivery->folder, bucket, upload) < 0)
        return -1;
    upload->next = delivery->uploads;
    delivery->uploads = *ret = upload;
    return 0;
}

/* Called with the lock held. */
static int add(struct folder_delivery *delivery, const struct object_name *name, const char *path,
               const struct object_headers *headers, struct folder_object **ret, struct error *err)
{
    struct arena *arena = delivery->arena;
    struct folder_object *object = ARENA_NEW(arena, struct folder_object);
    if (find_upload(delivery, name->bucket, &object->upload) < 0)
        return file_error(err, "write", name->uri);
    snprintf(object->file, sizeof(object->file), "%d", delivery->files++);
    object->uri = arena_strdup(arena, name->uri);
    object->path = arena_strdup(arena, path);
    object->headers = object_headers_copy(arena, headers);
    *ret = object;
    return 0;
}

int delivery_add(struct folder_delivery *delivery, const struct object_name *name,
                 const struct object_headers *headers, struct folder_object **ret, int *ret_fd,
                 struct error *err)
{
    char path[KEY_PATH_SIZE];
    if (bucket_check(name, err) < 0)
        return -1;
    if (key_to_path(name->key, path) < 0)
        return error_set(err, ERROR_FILE_OPEN, "the key of '%s' is longer than %d bytes", name->uri,
                         KEY_MAX_BYTES);

    struct folder_object *object = NULL;
    pthread_mutex_lock(&delivery->lock);
    int r = add(delivery, name, path, headers, &object, err);
    pthread_mutex_unlock(&delivery->lock);
    if (r < 0)
        return -1;

    int fd = openat(object->upload->dir, object->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return file_error(err, "write", name->uri);
    *ret = object;
    *ret_fd = fd;
    return 0;
}

void delivery_finished(struct folder_delivery *delivery, struct folder_object *object)
{
    pthread_mutex_lock(&delivery->lock);
    object->before = delivery->last;
    if (delivery->last)
        delivery->last->next = object;
    else
        delivery->first = object;
    delivery->last = object;
    pthread_mutex_unlock(&delivery->lock);
}

void delivery_abandoned(const struct folder_object *object)
{
    unlinkat(object->upload->dir, object->file, 0);
}

/* --- temporary files --- */

/* Called with the lock held. NULL with errno set. */
static const char *make_scratch(struct folder_delivery *delivery)
{
    struct upload *upload;
    if (find_upload(delivery, UPLOAD_SCRATCH, &upload) < 0)
        return NULL;
    CLEANUP(free_pointer) char *root = realpath(delivery->folder->path, NULL);
    if (!root)
        return NULL;
    return arena_printf(delivery->arena, "%s/" KEY_UPLOADS "/%s", root, upload->name);
}

int folder_delivery_scratch(struct delivery *base, const char **ret_path, struct error *err)
{
    struct folder_delivery *delivery = folder_delivery(base);
    pthread_mutex_lock(&delivery->lock);
    if (!delivery->scratch)
        delivery->scratch = make_scratch(delivery);
    *ret_path = delivery->scratch;
    int why = errno;
    pthread_mutex_unlock(&delivery->lock);
    errno = why;
    return *ret_path ? 0 : file_error(err, "write temporary files to", delivery->folder->path);
}

/* --- making them visible --- */

enum { DIRECTORY = O_RDONLY | O_DIRECTORY };

/* Lets an object's file become the folder of that name, where the object goes on as .%@. It can
 * be read all the while. */
static int make_room(const struct upload *upload, int dir, const char *name)
{
    if (mkdirat(upload->dir, "aside", 0777) < 0 ||
        linkat(dir, name, upload->dir, "aside/" KEY_BESIDE, 0) < 0 ||
        renameat2(upload->dir, "aside", dir, name, RENAME_EXCHANGE) < 0)
        return -1;
    return unlinkat(upload->dir, "aside", 0);
}

/* Opens the folder `name` in `dir`, made if it is not there. */
static int enter(const struct upload *upload, int dir, const char *name)
{
    if (mkdirat(dir, name, 0777) < 0 && errno != EEXIST)
        return -1;
    int fd = open_beneath(dir, name, DIRECTORY);
    if (fd < 0 && errno == ENOTDIR && !make_room(upload, dir, name))
        fd = open_beneath(dir, name, DIRECTORY);
    return fd;
}

/* Opens the folder that will have `path` in it, made with all above it; *ret_name is its end. */
static int make_parents(const struct upload *upload, const char *path, const char **ret_name)
{
    int dir = fcntl(upload->bucket, F_DUPFD_CLOEXEC, 0);
    for (const char *slash; dir >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
        char name[256];
        snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
        CLEANUP(file_close) int above = dir;
        dir = enter(upload, above, name);
    }
    *ret_name = path;
    return dir;
}

/* Gives the object its name. What had it before is then where the object's file was. */
static int take_name(struct folder_object *object, int dir, const char *name)
{
    int from = object->upload->dir;
    object->replaced = !renameat2(from, object->file, dir, name, RENAME_EXCHANGE);
    if (object->replaced)
        return 0;
    bool plainly = errno == ENOENT || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;
    return plainly ? renameat(from, object->file, dir, name) : -1;
}

static int place(struct folder_delivery *delivery, struct folder_object *object)
{
    const char *name, *path = object->path;
    CLEANUP(file_close) int dir = make_parents(object->upload, path, &name);
    if (dir < 0)
        return -1;

    struct stat st;
    if (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode)) {
        CLEANUP(file_close) int above = dir;
        dir = open_beneath(above, name, DIRECTORY);
        name = KEY_BESIDE;
        path = arena_printf(delivery->arena, "%s/%s", object->path, name);
    }
    if (dir < 0 || take_name(object, dir, name) < 0)
        return -1;
    object->placed = path;
    return 0;
}

/* Removes the folders above `path` as far as they are empty: to a store they are nothing. */
static void prune(int bucket, const char *path)
{
    char part[KEY_PATH_SIZE];
    snprintf(part, sizeof(part), "%s", path);
    for (char *slash; (slash = strrchr(part, '/'));) {
        *slash = '\0';
        if (unlinkat(bucket, part, AT_REMOVEDIR) < 0)
            return;
    }
}

/* Undoes place(), also where make_room() has moved the object since. The folders on the way are
 * there, and they are no links. */
static void take_back(struct folder_object *object)
{
    int bucket = object->upload->bucket;
    struct stat st;
    char path[KEY_PATH_SIZE];
    bool moved = !fstatat(bucket, object->placed, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
    snprintf(path, sizeof(path), "%s%s", object->placed, moved ? "/" KEY_BESIDE : "");
    if (object->replaced)
        renameat(object->upload->dir, object->file, bucket, path);
    else
        unlinkat(bucket, path, 0);
    prune(bucket, path);
    object->placed = NULL;
}

static int place_all(struct folder_delivery *delivery, struct error *err)
{
    for (struct folder_object *o = delivery->first; o; o = o->next) {
        if (place(delivery, o) < 0)
            return file_error(err, "write", o->uri);
    }
    return 0;
}

/* A folder that is on the disk, and so are those above it. */
struct synced {
    struct synced *next;
    const struct upload *upload;
    const char *path;
};

static bool is_synced(const struct synced *s, const struct upload *upload, const char *path)
{
    while (s && (s->upload != upload || strcmp(s->path, path)))
        s = s->next;
    return s;
}

/* Brings every folder above the object to the disk, each folder of a commit once. */
static int sync_above(struct arena *arena, const struct folder_object *object,
                      struct synced **synced)
{
    const struct upload *upload = object->upload;
    char path[KEY_PATH_SIZE];
    snprintf(path, sizeof(path), "%s", object->placed);
    for (char *slash = path; slash != NULL;) {
        slash = strrchr(path, '/');
        snprintf(slash ? slash : path, 2, "%s", slash ? "" : ".");
        if (is_synced(*synced, upload, path))
            return 0;
        CLEANUP(file_close) int dir = open_beneath(upload->bucket, path, DIRECTORY);
        if (dir < 0 || file_sync(dir) < 0)
            return -1;
        struct synced *s = ARENA_NEW(arena, struct synced);
        *s = (struct synced){*synced, upload, arena_strdup(arena, path)};
        *synced = s;
    }
    return 0;
}

static int sync_all(struct folder_delivery *delivery, struct error *err)
{
    struct synced *synced = NULL;
    for (struct folder_object *o = delivery->first; o; o = o->next) {
        if (sync_above(delivery->arena, o, &synced) < 0)
            return file_error(err, "write", o->uri);
    }
    return 0;
}

/* Commits and removals in one folder, of whatever process, come one after the other: what place()
 * sees stays so. Where folders cannot be locked (NFS), whoever commits at the same time must not
 * replace objects by folders. */
static int lock_commits(const struct folder *folder, struct cancel *cancel, int *ret_lock,
                        struct error *err)
{
    static const struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};
    int root = *ret_lock = folder_open_root(folder);
    while (root >= 0 && flock(root, LOCK_EX | LOCK_NB) < 0 &&
           (errno == EWOULDBLOCK || errno == EINTR)) {
        if (cancel_requested(cancel))
            return error_set(err, ERROR_CANCELED, "canceled while another delivery is committed");
        nanosleep(&moment, NULL);
    }
    return 0;
}

static void close_uploads(struct folder_delivery *delivery)
{
    for (struct upload *u = delivery->uploads; u; u = u->next)
        upload_close(delivery->folder, u);
    delivery->uploads = NULL;
    delivery->scratch = NULL;
}

static int announce_all(struct folder_delivery *delivery, struct error *err)
{
    int count = 0;
    const char **uris = ARENA_ARRAY(delivery->arena, const char *, delivery->files + 1);
    for (struct folder_object *o = delivery->first; o; o = o->next)
        uris[count++] = o->uri;
    return announce(&delivery->base, uris, count, err);
}

int folder_delivery_commit(struct delivery *base, struct error *err)
{
    struct folder_delivery *delivery = folder_delivery(base);
    CLEANUP(file_close) int lock = -1; // held until the end
    if (announce_all(delivery, err) < 0 ||
        lock_commits(delivery->folder, delivery->cancel, &lock, err) < 0)
        return -1;
    if (place_all(delivery, err) < 0 || sync_all(delivery, err) < 0) {
        for (struct folder_object *o = delivery->last; o; o = o->before) {
            if (o->placed)
                take_back(o);
        }
        return -1;
    }
    close_uploads(delivery);
    return 0;
}

void folder_delivery_free(struct delivery *base)
{
    struct folder_delivery *delivery = folder_delivery(base);
    close_uploads(delivery);
    pthread_mutex_destroy(&delivery->lock);
    arena_free(&delivery->arena);
    free(delivery);
}

/* --- what a killed process left --- */

/* The time of a file is that of the last tick, which was up to 10 ms ago. */
static bool is_older(const struct stat *st, int64_t since_us)
{
    enum { TICK_US = 10 * 1000 };
    int64_t modified_us = (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;
    return modified_us + TICK_US < since_us;
}

/* -1 with errno set. */
static int remove_file(int bucket, const char *path, int64_t since_us)
{
    struct stat st;
    CLEANUP(file_close) int file = open_beneath(bucket, path, O_PATH | O_NOFOLLOW);
    if (file < 0 || fstat(file, &st) < 0)
        return -1;
    if (S_ISDIR(st.st_mode)) {
        char beside[KEY_PATH_SIZE + sizeof(KEY_BESIDE)];
        snprintf(beside, sizeof(beside), "%s/%s", path, KEY_BESIDE);
        return remove_file(bucket, beside, since_us);
    }
    if (is_older(&st, since_us))
        return 0;
    if (unlinkat(bucket, path, 0) < 0)
        return -1;
    prune(bucket, path);
    return 0;
}

int folder_remove(struct storage *storage, const struct object_name *name, int64_t since_us,
                  struct cancel *cancel, struct error *err)
{
    (void)cancel; // it takes no time
    const struct folder *folder = (const struct folder *)storage;
    char path[KEY_PATH_SIZE];
    CLEANUP(file_close) int root = -1; // locked until the end
    if (bucket_check(name, err) < 0 || lock_commits(folder, NULL, &root, err) < 0)
        return -1;
    if (key_to_path(name->key, path) < 0)
        return 0; // no object is called so
    CLEANUP(file_close) int bucket = root < 0 ? -1 : open_bucket(root, name->bucket);
    if ((bucket < 0 || remove_file(bucket, path, since_us) < 0) && errno != ENOENT &&
        errno != ENOTDIR)
        return file_error(err, "remove", name->uri);
    return 0;
}
