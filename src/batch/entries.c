/* SPDX-License-Identifier: Apache-2.0 */
/* The file: MAGIC, then for each entry the sizes of bucket, key and version (each 16 bits, the
 * lower byte first; a version that is NULL is NO_VERSION) and their bytes. */
#include "batch/entries.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAGIC "MCENTRY1"

enum { NO_VERSION = 0xffff, HEAD = 6, BUFFER = 64 * 1024 };

static int failed(const char *what, const char *path, struct error *err)
{
    enum error_kind kind = errno == ENOSPC || errno == EDQUOT ? ERROR_DISK_FULL : ERROR_BUG;
    return error_set(err, kind, "cannot %s '%s': %s", what, path, strerror(errno));
}

static char *join(const char *folder, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        abort();
    return path;
}

/* --- writing --- */

static void put(unsigned char *out, size_t value)
{
    out[0] = (unsigned char)(value & 0xff);
    out[1] = (unsigned char)(value >> 8);
}

/* Now and then: whether there is still room. */
static int check_room(struct entries_writer *writer, struct error *err)
{
    enum { STEP = 16 << 20 };
    struct statvfs disk;
    if (writer->bytes >> 30 >= ENTRIES_GIB_MAX)
        return error_set(err, ERROR_DISK_FULL, "the manifest's entries come to more than %d GiB",
                         ENTRIES_GIB_MAX);
    if (writer->bytes - writer->looked_at < STEP)
        return 0;
    writer->looked_at = writer->bytes;
    if (statvfs(writer->part, &disk) == 0 &&
        disk.f_bavail < ((uint64_t)ENTRIES_FREE_MIB << 20) / disk.f_frsize)
        return error_set(err, ERROR_DISK_FULL,
                         "the manifest's entries leave less than %d MiB free on the disk of '%s'",
                         ENTRIES_FREE_MIB, writer->part);
    return 0;
}

static int take(struct entry_sink *sink, const struct batch_entry *entry, struct error *err)
{
    struct entries_writer *writer = (struct entries_writer *)sink;
    size_t bucket = strlen(entry->bucket), key = strlen(entry->key);
    size_t version = entry->version ? strlen(entry->version) : 0;
    if (bucket > ENTRY_BUCKET_MAX || key > ENTRY_FIELD_MAX || version > ENTRY_FIELD_MAX)
        return error_set(err, ERROR_BUG, "an entry is too long");
    unsigned char head[HEAD];
    put(head, bucket);
    put(head + 2, key);
    put(head + 4, entry->version ? version : NO_VERSION);
    if (fwrite(head, HEAD, 1, writer->file) != 1 ||
        fwrite(entry->bucket, 1, bucket, writer->file) != bucket ||
        fwrite(entry->key, 1, key, writer->file) != key ||
        (version && fwrite(entry->version, 1, version, writer->file) != version))
        return failed("write", writer->part, err);
    writer->bytes += (int64_t)(HEAD + bucket + key + version);
    return check_room(writer, err);
}

int entries_create(struct entries_writer *writer, const char *folder, struct error *err)
{
    *writer = (struct entries_writer){.sink = {take}};
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return failed("make the folder", folder, err);
    writer->path = join(folder, "entries");
    writer->part = join(folder, "entries.part");
    writer->file = fopen(writer->part, "we");
    if (!writer->file)
        return failed("open", writer->part, err);
    setvbuf(writer->file, NULL, _IOFBF, BUFFER);
    if (fwrite(MAGIC, strlen(MAGIC), 1, writer->file) != 1)
        return failed("write", writer->part, err);
    return 0;
}

static int sync_folder(const char *path, struct error *err)
{
    char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int r = fd < 0 || fsync(fd) < 0 ? failed("sync the folder of", path, err) : 0;
    if (fd >= 0)
        close(fd);
    free(folder);
    return r;
}

int entries_finish(struct entries_writer *writer, struct error *err)
{
    FILE *file = writer->file;
    if (fflush(file) != 0 || fsync(fileno(file)) < 0)
        return failed("write", writer->part, err);
    writer->file = NULL;
    if (fclose(file) != 0)
        return failed("close", writer->part, err);
    if (rename(writer->part, writer->path) < 0)
        return failed("rename", writer->part, err);
    return sync_folder(writer->path, err);
}

void entries_release(struct entries_writer *writer)
{
    if (writer->file) {
        fclose(writer->file);
        unlink(writer->part);
    }
    free(writer->path);
    free(writer->part);
    *writer = (struct entries_writer){0};
}

/* --- reading --- */

struct entries {
    FILE *file;
    char *path;
    char text[ENTRY_BUCKET_MAX + 2 * ENTRY_FIELD_MAX + 3];
};

int entries_open(struct entries **ret, const char *folder, struct error *err)
{
    char magic[sizeof(MAGIC)] = "";
    CLEANUP(entries_close) struct entries *entries = calloc(1, sizeof(*entries));
    if (!entries)
        return error_set(err, ERROR_BUG, "out of memory");
    entries->path = join(folder, "entries");
    entries->file = fopen(entries->path, "re");
    if (!entries->file)
        return error_set(err, ERROR_INPUT, "cannot open '%s': %s", entries->path, strerror(errno));
    setvbuf(entries->file, NULL, _IOFBF, BUFFER);
    if (fread(magic, strlen(MAGIC), 1, entries->file) != 1 || strcmp(magic, MAGIC) != 0)
        return error_set(err, ERROR_INPUT, "'%s' is no file of entries", entries->path);
    *ret = TAKE(entries);
    return 0;
}

void entries_close(struct entries **entries)
{
    if (!*entries)
        return;
    if ((*entries)->file)
        fclose((*entries)->file);
    free((*entries)->path);
    free(*entries);
    *entries = NULL;
}

static size_t get(const unsigned char *in)
{
    return (size_t)in[0] | (size_t)in[1] << 8;
}

/* A NUL behind it. */
static bool read_string(struct entries *entries, char **next, size_t size)
{
    if (size && fread(*next, size, 1, entries->file) != 1)
        return false;
    (*next)[size] = '\0';
    *next += size + 1;
    return true;
}

int entries_next(struct entries *entries, struct batch_entry *ret, struct error *err)
{
    unsigned char head[HEAD];
    size_t got = fread(head, 1, HEAD, entries->file);
    if (got == 0 && feof(entries->file))
        return 0;
    size_t bucket = get(head), key = get(head + 2), version = get(head + 4);
    bool versioned = version != NO_VERSION;
    version = versioned ? version : 0;
    char *next = entries->text;
    if (got != HEAD || bucket > ENTRY_BUCKET_MAX || key > ENTRY_FIELD_MAX ||
        version > ENTRY_FIELD_MAX || !read_string(entries, &next, bucket) ||
        !read_string(entries, &next, key) || !read_string(entries, &next, version))
        return error_set(err, ERROR_INPUT, "'%s' is damaged, or cannot be read", entries->path);
    ret->bucket = entries->text;
    ret->key = entries->text + bucket + 1;
    ret->version = versioned ? ret->key + key + 1 : NULL;
    return 1;
}

int entries_remove(const char *folder, struct error *err)
{
    char *path = join(folder, "entries"), *part = join(folder, "entries.part");
    int r = 0;
    if ((unlink(path) < 0 && errno != ENOENT) || (unlink(part) < 0 && errno != ENOENT) ||
        (rmdir(folder) < 0 && errno != ENOENT))
        r = failed("remove", folder, err);
    free(path);
    free(part);
    return r;
}
