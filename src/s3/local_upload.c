/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/local_upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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

/* Whether a delivery's folder may be called so: see random_name(). */
static bool is_upload_name(const char *name)
{
    return strlen(name) == 16 && strspn(name, "0123456789abcdef") == 16;
}

/* Whether a delivery makes files of that name, `lock` and `aside` apart. */
static bool is_file_name(const char *name)
{
    static const char *const ends[] = {".stats", ".stats.temp", ".stats.mbtree",
                                       ".stats.mbtree.temp"};
    bool video = !strncmp(name, "video-", strlen("video-"));
    const char *number = video ? name + strlen("video-") : name;
    size_t digits = strspn(number, "0123456789");
    if (!digits || digits > 10)
        return false;
    if (!video)
        return !number[digits];
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (!strcmp(number + digits, ends[i]))
            return true;
    }
    return false;
}

/* What make_room() may leave: a folder with a second name of an object in it, or that name. */
static void remove_aside(int upload)
{
    CLEANUP(file_close) int aside = open_beneath(upload, "aside", directory);
    if (aside >= 0)
        unlinkat(aside, KEY_BESIDE, 0);
    unlinkat(upload, "aside", aside >= 0 ? AT_REMOVEDIR : 0);
}

/* Removes a delivery's folder if nothing else is in it. The lock goes last: if we are killed, the
 * next sweep goes on. No unlink here removes a folder; of the files, one may be a link or what
 * else an object has replaced. */
static void remove_upload(int uploads, const char *name)
{
    CLEANUP(close_directory) DIR *files = list(uploads, name);
    for (const char *file; files && (file = next_name(files));) {
        if (is_file_name(file))
            unlinkat(dirfd(files), file, 0);
    }
    if (files) {
        remove_aside(dirfd(files));
        unlinkat(dirfd(files), "lock", 0);
    }
    unlinkat(uploads, name, AT_REMOVEDIR);
}

/* Holds the lock of an upload's folder. -1 with errno: EWOULDBLOCK if somebody else does, ENOENT
 * if there is none any more. `flags` can be O_CREAT | O_EXCL. */
static int take_lock(int upload, int flags)
{
    flags |= O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int lock = openat(upload, "lock", flags, 0666);
    struct stat st;
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0 || fstat(lock, &st) < 0)
        goto fail;
    errno = st.st_nlink ? EEXIST : ENOENT;
    if (st.st_nlink && S_ISREG(st.st_mode))
        return lock;
fail:;
    int why = errno;
    file_close(&lock);
    errno = why;
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
    upload->bucket = open_bucket(root, upload->bucket_name);
    if (upload->bucket >= 0 || errno != ENOENT)
        return upload->bucket;

    bool made_bucket = !mkdirat(root, upload->bucket_name, 0777);
    upload->made_bucket |= made_bucket;
    if (made_bucket ? file_sync(root) < 0 : errno != EEXIST)
        return -1;
    return upload->bucket = open_bucket(root, upload->bucket_name);
}

static void upload_remove_folder(int uploads, struct upload *upload)
{
    int why = errno;
    remove_upload(uploads, upload->name);
    file_close(&upload->dir);
    upload->name[0] = '\0';
    errno = why;
}

/* Between any two of these steps another process may remove what is empty or not yet locked. */
static int upload_make_folder(struct upload *upload)
{
    if (mkdirat(upload->bucket, KEY_UPLOADS, 0777) < 0 && errno != EEXIST)
        return -1;
    CLEANUP(file_close) int uploads = open_beneath(upload->bucket, KEY_UPLOADS, directory);
    char name[17];
    random_name(name);
    if (uploads < 0 || mkdirat(uploads, name, 0777) < 0)
        return -1;
    memcpy(upload->name, name, sizeof(name)); // from here on it is ours to remove
    upload->dir = open_beneath(uploads, name, directory);
    upload->lock = upload->dir < 0 ? -1 : take_lock(upload->dir, O_CREAT | O_EXCL);
    if (upload->lock >= 0)
        return 0;
    upload_remove_folder(uploads, upload);
    return -1;
}

/* Whether what upload_open() did came to nothing only because somebody swept at that moment. */
static bool was_swept(int why)
{
    return why == ENOENT || why == EEXIST || why == EWOULDBLOCK;
}

int upload_open(const struct folder *folder, const char *bucket, struct upload *ret)
{
    struct upload upload = {.bucket = -1, .dir = -1, .lock = -1};
    int why = 0;
    snprintf(upload.bucket_name, sizeof(upload.bucket_name), "%s", bucket);
    for (int tries = 0; tries < 100; tries++) {
        file_close(&upload.bucket);
        if (upload_make_bucket(folder, &upload) >= 0 && !upload_make_folder(&upload)) {
            *ret = upload;
            return 0;
        }
        why = errno;
        if (!was_swept(why))
            break;
    }
    upload_close(folder, &upload);
    errno = why;
    return -1;
}

void upload_close(const struct folder *folder, struct upload *upload)
{
    CLEANUP(file_close) int uploads = open_beneath(upload->bucket, KEY_UPLOADS, directory);
    if (uploads >= 0 && upload->name[0])
        remove_upload(uploads, upload->name);
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

static void sweep_one(int uploads, const char *name)
{
    CLEANUP(file_close) int upload = open_beneath(uploads, name, directory);
    if (upload < 0)
        return;
    CLEANUP(file_close) int lock = take_lock(upload, 0);
    if (lock >= 0)
        remove_upload(uploads, name);
    else if (errno == ENOENT)
        unlinkat(uploads, name, AT_REMOVEDIR); // of one that was killed before it had a lock
}

static void sweep_bucket(int bucket)
{
    CLEANUP(close_directory) DIR *uploads = list(bucket, KEY_UPLOADS);
    if (!uploads)
        return;
    for (const char *name; (name = next_name(uploads));) {
        if (is_upload_name(name))
            sweep_one(dirfd(uploads), name);
    }
    unlinkat(bucket, KEY_UPLOADS, AT_REMOVEDIR);
}

void upload_sweep(const struct folder *folder)
{
    CLEANUP(file_close) int root = folder_open_root(folder);
    CLEANUP(close_directory) DIR *buckets = root < 0 ? NULL : list(root, ".");
    for (const char *name; buckets && (name = next_name(buckets));) {
        CLEANUP(file_close) int bucket = name[0] == '.' ? -1 : open_bucket(root, name);
        if (bucket >= 0)
            sweep_bucket(bucket);
    }
    if (root >= 0)
        sweep_bucket(root); // temporary files
}
