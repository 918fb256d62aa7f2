/* SPDX-License-Identifier: Apache-2.0 */
#include "function/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zip.h>

#include "function/limits.h"

enum {
    NAME_MAX_BYTES = 1024, /* of an entry */
    PART_MAX_BYTES = 255,  /* between two slashes */
    ENTRIES_MAX = 100 * 1000,
    FOLDERS_MAX = 20 * 1000,
    BLOCK = 64 * 1024,
};

const struct package_limits package_limits = {.zip_max = FUNCTION_ZIP_MAX,
                                              .bytes_max = FUNCTION_UNZIPPED_MAX,
                                              .entries_max = ENTRIES_MAX,
                                              .folders_max = FOLDERS_MAX};

struct unpacking {
    zip_t *zip;
    const struct package_limits *limits;
    int folder;      /* where everything goes */
    int64_t written; /* bytes of all files */
    int folders;     /* that were made */
};

/* An entry, looked at. */
struct entry {
    zip_uint64_t index;
    char
        path[NAME_MAX_BYTES + 1]; /* below the folder, without "." and without a slash at its end */
    bool folder, executable;
};

/* What is wrong with the zip itself. */
static int refuse(struct error *err, const char *what)
{
    return error_set(err, ERROR_BAD_REQUEST, "could not unzip the uploaded file: %s", what);
}

static int refuse_entry(struct error *err, const char *name, const char *what)
{
    return error_set(err, ERROR_BAD_REQUEST, "could not unzip the uploaded file: '%.200s' %s", name,
                     what);
}

static int fail_to_write(struct error *err, const char *path)
{
    return error_set(err, errno == ENOSPC || errno == EDQUOT ? ERROR_DISK_FULL : ERROR_BUG,
                     "cannot write '%.200s': %s", path, strerror(errno));
}

/* --- names --- */

/* What is wrong with one part of a name; NULL: nothing. */
static const char *wrong_part(const char *part, size_t size)
{
    if (size > PART_MAX_BYTES)
        return "has a part of more than 255 bytes";
    if (size == 0)
        return "has an empty part";
    if (size == 2 && memcmp(part, "..", 2) == 0)
        return "has '..'";
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f)
            return "has a control character";
    return NULL;
}

/* Takes the parts of a name over into entry->path, without those that are ".". */
static const char *read_name(const char *name, struct entry *entry)
{
    size_t used = 0;
    if (name[0] == '/')
        return "is absolute";
    if (strnlen(name, NAME_MAX_BYTES + 1) > NAME_MAX_BYTES)
        return "is longer than 1024 bytes";
    while (*name) {
        size_t size = strcspn(name, "/");
        const char *wrong = wrong_part(name, size);
        if (wrong)
            return wrong;
        entry->folder = name[size] == '/' && !name[size + 1];
        if (size != 1 || name[0] != '.') {
            used += used > 0;
            memcpy(entry->path + used, name, size);
            used += size;
            entry->path[used] = name[size] ? '/' : '\0';
        } else if (!name[size]) {
            return "is '.'";
        }
        name += size + (name[size] == '/');
    }
    entry->path[used] = '\0';
    return used || entry->folder ? NULL : "has no name";
}

static const char *read_mode(struct unpacking *u, struct entry *entry)
{
    zip_uint8_t system;
    zip_uint32_t attributes;
    if (zip_file_get_external_attributes(u->zip, entry->index, 0, &system, &attributes) < 0)
        return "cannot be read";
    bool unix_mode = system == ZIP_OPSYS_UNIX || system == ZIP_OPSYS_OS_X;
    mode_t mode = unix_mode ? attributes >> 16 : 0;
    mode_t kind = mode & S_IFMT;
    if (kind != 0 && kind != (entry->folder ? S_IFDIR : S_IFREG))
        return kind == S_IFLNK ? "is a link" : "is no file or folder";
    entry->executable = mode & 0111;
    return NULL;
}

static const char *read_stat(struct unpacking *u, const struct entry *entry)
{
    zip_stat_t st;
    if (zip_stat_index(u->zip, entry->index, 0, &st) < 0)
        return "cannot be read";
    if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
        return "is encrypted";
    if ((st.valid & ZIP_STAT_COMP_METHOD) && st.comp_method != ZIP_CM_STORE &&
        st.comp_method != ZIP_CM_DEFLATE)
        return "is compressed in a way that is not known";
    if ((st.valid & ZIP_STAT_SIZE) && st.size > (zip_uint64_t)u->limits->bytes_max)
        return "is too large";
    return NULL;
}

/* --- files --- */

/* Makes the folders that stand in front of each slash of `path`; and itself, if it is one. */
static int make_folders(struct unpacking *u, const struct entry *entry, struct error *err)
{
    char path[NAME_MAX_BYTES + 2];
    snprintf(path, sizeof(path), "%s%s", entry->path, entry->folder && *entry->path ? "/" : "");
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        struct stat st;
        *slash = '\0';
        if (mkdirat(u->folder, path, 0755) == 0) {
            if (++u->folders > u->limits->folders_max)
                return error_set(err, ERROR_BAD_REQUEST,
                                 "could not unzip the uploaded file: it has more than %d folders",
                                 u->limits->folders_max);
        } else {
            if (errno != EEXIST)
                return fail_to_write(err, path);
            if (fstatat(u->folder, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return fail_to_write(err, path);
            if (!S_ISDIR(st.st_mode))
                return refuse_entry(err, path, "is in it twice, as a file and as a folder");
        }
        *slash = '/';
    }
    return 0;
}

static int write_block(int fd, const char *block, size_t size, const char *path, struct error *err)
{
    while (size) {
        ssize_t written = write(fd, block, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail_to_write(err, path);
        block += written;
        size -= (size_t)written;
    }
    return 0;
}

static int write_file(struct unpacking *u, const struct entry *entry, zip_file_t *from, int to,
                      struct error *err)
{
    char block[BLOCK];
    zip_int64_t size;
    while ((size = zip_fread(from, block, sizeof(block))) > 0) {
        u->written += size;
        if (u->written > u->limits->bytes_max)
            return error_set(err, ERROR_BAD_REQUEST,
                             "unzipped size must be smaller than %lld bytes",
                             (long long)u->limits->bytes_max);
        if (write_block(to, block, (size_t)size, entry->path, err) < 0)
            return -1;
    }
    if (size < 0)
        return refuse_entry(err, entry->path, zip_error_strerror(zip_file_get_error(from)));
    if (fchmod(to, entry->executable ? 0755 : 0644) < 0)
        return fail_to_write(err, entry->path);
    return 0;
}

static int unpack_file(struct unpacking *u, const struct entry *entry, struct error *err)
{
    int to =
        openat(u->folder, entry->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (to < 0 && errno == EEXIST)
        return refuse_entry(err, entry->path, "is in it twice");
    if (to < 0)
        return fail_to_write(err, entry->path);
    zip_file_t *from = zip_fopen_index(u->zip, entry->index, 0);
    int r = from ? write_file(u, entry, from, to, err)
                 : refuse_entry(err, entry->path, zip_strerror(u->zip));
    if (from)
        zip_fclose(from);
    if (close(to) < 0 && r == 0)
        r = fail_to_write(err, entry->path);
    return r;
}

static int unpack_entry(struct unpacking *u, zip_uint64_t index, struct error *err)
{
    struct entry entry = {.index = index};
    const char *name = zip_get_name(u->zip, index, ZIP_FL_ENC_GUESS);
    if (!name)
        return refuse(err, zip_strerror(u->zip));
    const char *wrong = read_name(name, &entry);
    wrong = wrong ? wrong : read_mode(u, &entry);
    wrong = wrong ? wrong : read_stat(u, &entry);
    if (wrong)
        return refuse_entry(err, name, wrong);
    if (make_folders(u, &entry, err) < 0)
        return -1;
    return entry.folder ? 0 : unpack_file(u, &entry, err);
}

/* --- the zip --- */

static int open_zip(const void *bytes, size_t size, zip_t **ret, struct error *err)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, &why);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    int r = 0;
    if (zip)
        *ret = zip;
    else
        r = refuse(err, zip_error_strerror(&why));
    if (source && !zip)
        zip_source_free(source);
    zip_error_fini(&why);
    return r;
}

static int unpack_all(struct unpacking *u, struct error *err)
{
    zip_int64_t count = zip_get_num_entries(u->zip, 0);
    if (count <= 0)
        return error_set(err, ERROR_BAD_REQUEST, "uploaded file must be a non-empty zip");
    if (count > u->limits->entries_max)
        return error_set(err, ERROR_BAD_REQUEST,
                         "could not unzip the uploaded file: it has %lld entries, at most %d are "
                         "unpacked",
                         (long long)count, u->limits->entries_max);
    for (zip_int64_t i = 0; i < count; i++)
        if (unpack_entry(u, (zip_uint64_t)i, err) < 0)
            return -1;
    return 0;
}

int package_unpack(const void *zip, size_t size, const struct package_limits *limits,
                   const char *folder, struct error *err)
{
    if (!size)
        return error_set(err, ERROR_BAD_REQUEST, "uploaded file must be a non-empty zip");
    if (size > (size_t)limits->zip_max)
        return error_set(err, ERROR_BAD_REQUEST, "zipped size must be smaller than %lld bytes",
                         (long long)limits->zip_max);
    struct unpacking u = {.limits = limits};
    if (open_zip(zip, size, &u.zip, err) < 0)
        return -1;
    int r;
    u.folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (u.folder < 0) {
        r = error_set(err, ERROR_BUG, "cannot open '%s': %s", folder, strerror(errno));
    } else {
        r = unpack_all(&u, err);
        close(u.folder);
    }
    zip_discard(u.zip);
    return r;
}
