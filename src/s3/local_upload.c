/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/local_upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "s3/file.h"
#include "s3/key.h"

static const int directory = O_RDONLY | O_DIRECTORY;

static void close_directory(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

/* A stream over a folder of its own file descriptor; NULL if it cannot be read. */
static DIR *list(int dir, const char *name)
{
    int fd = openat(dir, name, directory | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !stream)
        close(fd);
    return stream;
}

/* The next name but "." and ".."; NULL at the end. */
static const char *next_name(DIR *stream)
{
    const struct dirent *entry;
    while ((entry = readdir(stream))) {
        const char *name = entry->d_name;
        if (name[0] != '.' || (name[1] && (name[1] != '.' || name[2])))
            return name;
    }
    return NULL;
}

static void remove_tree(int dir, const char *name)
{
    if (!unlinkat(dir, name, 0) || (errno != EISDIR && errno != EPERM))
        return;
    CLEANUP(close_directory) DIR *stream = list(dir, name);
    for (const char *child; stream && (child = next_name(stream));)
        remove_tree(dirfd(stream), child);
    unlinkat(dir, name, AT_REMOVEDIR);
}

/* Holds the lock of an upload's folder; -1 if somebody else does or the folder has gone. */
static int take_lock(int upload)
{
    int lock = openat(upload, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    struct stat st;
    if (lock >= 0 && !flock(lock, LOCK_EX | LOCK_NB) && !fstat(lock, &st) && st.st_nlink)
        return lock;
    file_close(&lock);
    return -1;
}

static void random_name(char name[17])
{
    uint64_t number = 0;
    (void)!getrandom(&number, sizeof(number), 0);
    snprintf(name, 17, "%016llx", (unsigned long long)number);
}

static int upload_make_bucket(const struct folder *folder, struct upload *upload)
{
    bool made_root;
    CLEANUP(file_close) int root = folder_make_root(folder, &made_root);
    if (root < 0)
        return -1;
    upload->made_root |= made_root;
    upload->made_bucket |= !mkdirat(root, upload->bucket_name, 0777);
    return upload->bucket = open_bucket(root, upload->bucket_name);
}

/* Between any two of these steps another process may remove what is empty or not yet locked. */
static int upload_make_folder(struct upload *upload)
{
    if (mkdirat(upload->bucket, KEY_UPLOADS, 0777) < 0 && errno != EEXIST)
        return -1;
    CLEANUP(file_close) int uploads = open_beneath(upload->bucket, KEY_UPLOADS, directory);
    random_name(upload->name);
    if (uploads < 0 || mkdirat(uploads, upload->name, 0777) < 0)
        return -1;
    upload->dir = open_beneath(uploads, upload->name, directory);
    upload->lock = upload->dir < 0 ? -1 : take_lock(upload->dir);
    if (upload->lock >= 0)
        return 0;
    file_close(&upload->dir);
    errno = ENOENT;
    return -1;
}

int upload_open(const struct folder *folder, const char *bucket, struct upload *ret)
{
    struct upload upload = {.bucket = -1, .dir = -1, .lock = -1};
    snprintf(upload.bucket_name, sizeof(upload.bucket_name), "%s", bucket);
    for (int tries = 0; tries < 100; tries++) {
        if (upload_make_bucket(folder, &upload) >= 0 && !upload_make_folder(&upload)) {
            *ret = upload;
            return 0;
        }
        int why = errno;
        file_close(&upload.bucket);
        errno = why;
        if (errno != ENOENT && errno != EEXIST)
            return -1;
    }
    return -1;
}

void upload_close(const struct folder *folder, struct upload *upload)
{
    CLEANUP(file_close) int uploads = open_beneath(upload->bucket, KEY_UPLOADS, directory);
    if (uploads >= 0)
        remove_tree(uploads, upload->name);
    unlinkat(upload->bucket, KEY_UPLOADS, AT_REMOVEDIR); // where it is empty
    file_close(&upload->lock);
    file_close(&upload->dir);
    file_close(&upload->bucket);

    CLEANUP(file_close) int root = folder_open_root(folder);
    if (root >= 0 && upload->made_bucket)
        unlinkat(root, upload->bucket_name, AT_REMOVEDIR);
    if (upload->made_root)
        rmdir(folder->path);
}

static void sweep_bucket(int bucket)
{
    CLEANUP(close_directory) DIR *uploads = list(bucket, KEY_UPLOADS);
    if (!uploads)
        return;
    for (const char *name; (name = next_name(uploads));) {
        CLEANUP(file_close) int upload = open_beneath(dirfd(uploads), name, directory);
        CLEANUP(file_close) int lock = upload < 0 ? -1 : take_lock(upload);
        if (lock >= 0)
            remove_tree(dirfd(uploads), name);
    }
    unlinkat(bucket, KEY_UPLOADS, AT_REMOVEDIR);
}

void upload_sweep(const struct folder *folder)
{
    CLEANUP(file_close) int root = folder_open_root(folder);
    CLEANUP(close_directory) DIR *buckets = root < 0 ? NULL : list(root, ".");
    for (const char *name; buckets && (name = next_name(buckets));) {
        CLEANUP(file_close) int bucket = open_bucket(root, name);
        if (bucket >= 0)
            sweep_bucket(bucket);
    }
}
