/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "s3/digest.h"
#include "s3/store.h"

struct file_reader {
    struct object_reader base;
    int fd;
    char *uri;
};

int file_error(struct error *err, const char *verb, const char *uri)
{
    static const struct {
        int errno_;
        enum error_kind kind;
        const char *why; /* NULL: strerror() */
    } rows[] = {
        {ENOENT, ERROR_NOT_FOUND, NULL},
        {ENOTDIR, ERROR_NOT_FOUND, "No such file or directory"},
        {EACCES, ERROR_PERMISSION, NULL},
        {EPERM, ERROR_PERMISSION, NULL},
        {EROFS, ERROR_PERMISSION, NULL},
        {ELOOP, ERROR_PERMISSION, "symbolic links in a bucket are not followed"},
        {EXDEV, ERROR_PERMISSION, "it leads out of the bucket"},
        {ENOSPC, ERROR_DISK_FULL, NULL},
        {EDQUOT, ERROR_DISK_FULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].errno_ == errno)
            return error_set(err, rows[i].kind, "cannot %s '%s': %s", verb, uri,
                             rows[i].why ? rows[i].why : strerror(errno));
    }
    return error_set(err, ERROR_FILE_OPEN, "cannot %s '%s': %s", verb, uri, strerror(errno));
}

void file_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

ssize_t file_read_at(int fd, int64_t offset, void *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, (char *)buffer + done, size - done, offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int file_write_at(int fd, int64_t offset, const void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pwrite(fd, (const char *)bytes + done, size - done, offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        done += (size_t)n;
    }
    return 0;
}

int file_sync(int fd)
{
    int r;
    do {
        r = fsync(fd);
    } while (r < 0 && errno == EINTR);
    bool needless = r < 0 && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP);
    return needless ? 0 : r;
}

/* --- attributes --- */

static void set_attribute(int fd, const char *name, const char *value)
{
    if (value)
        (void)!fsetxattr(fd, name, value, strlen(value), 0);
}

/* "" where there is none. */
static void get_attribute(int fd, const char *name, char *value, size_t size)
{
    char path[64];
    ssize_t n = fgetxattr(fd, name, value, size - 1);
    if (n < 0 && errno == EBADF) { // opened with O_PATH
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        n = getxattr(path, name, value, size - 1);
    }
    value[n > 0 ? n : 0] = '\0';
}

/* Says which bytes an ETag belongs to: somebody may write into the file by other means. */
static void version(const struct stat *st, char out[64])
{
    snprintf(out, 64, "%" PRId64 " %" PRId64 ".%09ld", (int64_t)st->st_size,
             (int64_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

void file_set_attributes(int fd, const char *etag, const struct object_headers *headers)
{
    struct stat st;
    if (!fstat(fd, &st)) {
        char of[64], value[128];
        version(&st, of);
        snprintf(value, sizeof(value), "%s %s", etag, of);
        set_attribute(fd, "user.s3.etag", value);
    }
    set_attribute(fd, "user.s3.content-type", headers->content_type);
    set_attribute(fd, "user.s3.content-encoding", headers->content_encoding);
    set_attribute(fd, "user.s3.acl", headers->canned_acl);
    set_attribute(fd, "user.s3.storage-class", headers->storage_class);
}

static void get_info(int fd, const struct stat *st, struct object_info *ret)
{
    ret->bytes = st->st_size;
    ret->modified_us = (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;

    char value[128], of[64];
    get_attribute(fd, "user.s3.etag", value, sizeof(value));
    version(st, of);
    char *space = strchr(value, ' ');
    if (space && !strcmp(space + 1, of))
        snprintf(ret->etag, sizeof(ret->etag), "%.*s", (int)(space - value), value);

    get_attribute(fd, "user.s3.content-type", ret->content_type, sizeof(ret->content_type));
    if (!ret->content_type[0]) // as S3 answers for an object that was put without one
        snprintf(ret->content_type, sizeof(ret->content_type), "binary/octet-stream");
}

int file_look(int fd, struct object_info *ret, char *storage_class, size_t size)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    if (!S_ISREG(st.st_mode)) {
        errno = ENOENT;
        return -1;
    }
    *ret = (struct object_info){0};
    get_info(fd, &st, ret);
    get_attribute(fd, "user.s3.storage-class", storage_class, size);
    if (!*storage_class)
        snprintf(storage_class, size, "STANDARD");
    return 0;
}

/* --- reading --- */

static struct file_reader *file_reader(struct object_reader *reader)
{
    return (struct file_reader *)reader;
}

static void reader_close(struct object_reader *reader)
{
    file_close(&file_reader(reader)->fd);
    free(file_reader(reader)->uri);
    free(reader);
}

static int reader_read(struct object_reader *reader, int64_t offset, void *buffer, size_t size,
                       size_t *ret_size, struct error *err)
{
    ssize_t n = file_read_at(file_reader(reader)->fd, offset, buffer, size);
    if (n < 0)
        return file_error(err, "read", file_reader(reader)->uri);
    *ret_size = (size_t)n;
    return 0;
}

static int reader_etag(struct object_reader *reader, struct error *err)
{
    enum { BLOCK = 256 * 1024 };
    CLEANUP(md5_free) EVP_MD_CTX *md5 = md5_new();
    CLEANUP(free_pointer) char *block = malloc(BLOCK);
    if (!md5 || !block)
        return error_set(err, ERROR_BUG, "out of memory");

    size_t size = 0;
    for (int64_t offset = 0;; offset += (int64_t)size) {
        if (reader_read(reader, offset, block, BLOCK, &size, err) < 0)
            return -1;
        if (!size)
            break;
        EVP_DigestUpdate(md5, block, size);
    }
    md5_hex(md5, reader->info.etag);
    return 0;
}

static const struct reader_ops file_reader_ops = {
    .close = reader_close,
    .read = reader_read,
    .etag = reader_etag,
};

int file_reader_new(struct object_reader **ret, int *fd, const char *uri, struct error *err)
{
    struct stat st;
    if (fstat(*fd, &st) < 0)
        return file_error(err, "open", uri);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_FILE_OPEN, "cannot open '%s': not a regular file", uri);

    struct file_reader *reader = calloc(1, sizeof(*reader));
    char *copy = strdup(uri);
    if (!reader || !copy) {
        free(reader);
        free(copy);
        return error_set(err, ERROR_BUG, "out of memory");
    }
    reader->base.ops = &file_reader_ops;
    get_info(*fd, &st, &reader->base.info);
    reader->uri = copy;
    reader->fd = *fd;
    *fd = -1;
    *ret = &reader->base;
    return 0;
}

int file_open(const char *uri, struct object_reader **ret, struct error *err)
{
    const char *path = uri + strlen("file://");
    if (*path != '/')
        return error_set(err, ERROR_FILE_OPEN, "'%s' is not of the form file:///path", uri);

    // O_NONBLOCK, or a FIFO would wait here for somebody to write into it.
    CLEANUP(file_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return file_error(err, "open", uri);
    return file_reader_new(ret, &fd, uri, err);
}
