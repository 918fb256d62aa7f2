/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/local.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "s3/file.h"
#include "s3/key.h"
#include "s3/local_upload.h"

static const int directory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

int folder_open_root(const struct folder *folder)
{
    return open(folder->path, directory);
}

/* Makes one folder, for good: whoever is to find an object after a power cut needs its parents. */
static int make_directory(const char *path)
{
    if (mkdir(path, 0777) < 0)
        return -1;
    CLEANUP(free_pointer) char *above = strdup(path);
    CLEANUP(file_close) int fd = above ? open(dirname(above), directory) : -1;
    return fd < 0 ? 0 : file_sync(fd); // not everybody may open what he may write to
}

/* mkdir -p; `ret_made` says whether the last one was not there. */
static int make_directories(const char *path, bool *ret_made)
{
    CLEANUP(free_pointer) char *part = strdup(path);
    if (!part)
        return -1;
    for (char *slash = part; slash; slash = strchr(slash + 1, '/')) {
        if (slash == part)
            continue; // an absolute path's first
        *slash = '\0';
        if (make_directory(part) < 0 && errno != EEXIST)
            return -1;
        *slash = '/';
    }
    *ret_made = !make_directory(part);
    return *ret_made || errno == EEXIST ? 0 : -1;
}

int folder_make_root(const struct folder *folder, bool *ret_made)
{
    bool made = false;
    int root = folder_open_root(folder);
    if (root < 0 && errno == ENOENT && !make_directories(folder->path, &made))
        root = folder_open_root(folder);
    *ret_made = made;
    return root;
}

int open_bucket(int root, const char *bucket)
{
    return openat(root, bucket, directory);
}

int open_beneath(int dir, const char *path, int flags)
{
    struct open_how how = {
        .flags = (unsigned)flags | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
    };
    return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

int bucket_check(const struct object_name *name, struct error *err)
{
    for (const char *c = name->bucket; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            return error_set(err, ERROR_FILE_OPEN, "'%s' in '%s' is no bucket's name", name->bucket,
                             name->uri);
    }
    if (name->bucket[0] == '.')
        return error_set(err, ERROR_FILE_OPEN, "a bucket's name does not begin with '.': '%s'",
                         name->uri);
    return 0;
}

/* The file of an object in its bucket, also of one that is called like a folder. */
static int open_object(int bucket, const char *path)
{
    int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    int fd = open_beneath(bucket, path, flags);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
        return fd;
    CLEANUP(file_close) int folder = fd;
    return open_beneath(folder, KEY_BESIDE, flags);
}

int folder_enter(const struct folder *folder, const struct object_name *name, int *ret_bucket,
                 struct error *err)
{
    if (bucket_check(name, err) < 0)
        return -1;
    CLEANUP(file_close) int root = folder_open_root(folder);
    if (root < 0 && errno != ENOENT)
        return file_error(err, "open", folder->path);
    int bucket = root < 0 ? -1 : open_bucket(root, name->bucket);
    if (bucket < 0 && errno == ENOENT)
        return error_set(err, ERROR_NOT_FOUND, "cannot open '%s': no bucket '%s' in '%s'",
                         name->uri, name->bucket, folder->path);
    if (bucket < 0)
        return file_error(err, "open", name->uri);
    *ret_bucket = bucket;
    return 0;
}

static int folder_open(struct storage *storage, const struct object_name *name,
                       struct cancel *cancel, struct object_reader **ret, struct error *err)
{
    (void)cancel; // a disk is not waited for
    const struct folder *folder = (const struct folder *)storage;
    char path[KEY_PATH_SIZE];
    if (key_to_path(name->key, path) < 0)
        return error_set(err, ERROR_NOT_FOUND, "no key is as long as that of '%s'", name->uri);

    CLEANUP(file_close) int bucket = -1;
    if (folder_enter(folder, name, &bucket, err) < 0)
        return -1;
    CLEANUP(file_close) int fd = open_object(bucket, path);
    if (fd < 0)
        return file_error(err, "open", name->uri);
    return file_reader_new(ret, &fd, name->uri, err);
}

static void folder_sweep(struct storage *storage)
{
    upload_sweep((const struct folder *)storage);
}

static void folder_free(struct storage *storage)
{
    free(((struct folder *)storage)->path);
    free(storage);
}

const struct store_ops folder_ops = {
    .makes_buckets = true,
    .free = folder_free,
    .open = folder_open,
    .list = folder_list,
    .remove = folder_remove,
    .sweep = folder_sweep,
    .delivery_new = folder_delivery_new,
    .delivery_scratch = folder_delivery_scratch,
    .delivery_commit = folder_delivery_commit,
    .delivery_free = folder_delivery_free,
    .create = folder_create,
    .write = folder_write,
    .finish = folder_finish,
    .writer_free = folder_writer_free,
};

int storage_open_folder(struct storage **ret, const char *path, struct error *err)
{
    struct stat st;
    if (!*path)
        return error_set(err, ERROR_FILE_OPEN, "the storage folder has no name");
    if (!stat(path, &st) && !S_ISDIR(st.st_mode))
        return error_set(err, ERROR_FILE_OPEN, "the storage '%s' is not a folder", path);

    struct folder *folder = calloc(1, sizeof(*folder));
    char *copy = strdup(path);
    if (!folder || !copy) {
        free(folder);
        free(copy);
        return error_set(err, ERROR_BUG, "out of memory");
    }
    folder->base.ops = &folder_ops;
    folder->path = copy;
    *ret = &folder->base;
    return 0;
}
