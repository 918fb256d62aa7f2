/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a bucket that is a folder, in the order of their keys.
 *
 * A folder names its files in no order, and what key.h makes of keys does not always sort as they
 * do. So one folder at a time is read, its names are turned back into components of keys, and the
 * smallest PAGE of them are sorted; when they have had their turn, the folder is read again for
 * those behind them. A component that is a folder sorts as if it had its slash: "a-b" comes before
 * "a/b". What is in a folder ".%+…" belongs to the components of the folder that it is in.
 *
 * Links, sockets and the like are no objects, and neither is a file whose path no key has.
 */
#include "s3/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "s3/file.h"
#include "s3/key.h"

enum { PAGE = 32 * 1024 };

/* What comes in a folder's turn. */
struct found {
    char *component; /* with a slash behind it, where it is a folder; "a" for "a/.%@", too */
    bool beside;
};

/* A folder that the walk is in. */
struct level {
    struct level *above;
    char *key; /* what keys in it begin with: "", "a/b/" */
    struct found *names;
    int count, size, next;
    bool more;   /* names behind these have been left out */
    char *after; /* those up to here have had their turn; NULL: none */
};

struct folder_listing {
    struct object_list base;
    int bucket;
    char *bucket_name, *prefix;
    struct cancel *cancel;
    struct level *top;
    struct object_entry entry;
    struct object_info info;
    char key[KEY_MAX_BYTES + 1], storage_class[32];
};

static struct folder_listing *folder_listing(struct object_list *list)
{
    return (struct folder_listing *)list;
}

static int listing_error(const struct folder_listing *listing, const char *key, struct error *err)
{
    char uri[KEY_MAX_BYTES + 300];
    int why = errno;
    snprintf(uri, sizeof(uri), "s3://%s/%s", listing->bucket_name, key);
    errno = why;
    return file_error(err, "list", uri);
}

/* Somebody else has been here. */
static bool is_gone(void)
{
    return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
}

/* --- one folder --- */

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct found *)a)->component, ((const struct found *)b)->component);
}

static void forget_names(struct level *level, int from)
{
    for (int i = from; i < level->count; i++)
        free(level->names[i].component);
    level->count = from;
}

/* Leaves the smallest PAGE. */
static void sort_and_cut(struct level *level)
{
    qsort(level->names, (size_t)level->count, sizeof(*level->names), compare);
    level->more = true;
    forget_names(level, PAGE);
}

static void keep(struct level *level, const char *component, bool beside)
{
    if (level->more && strcmp(component, level->names[PAGE - 1].component) > 0)
        return;
    if (level->count == 2 * PAGE)
        sort_and_cut(level);
    if (level->count == level->size) {
        level->size = level->size ? 2 * level->size : 16;
        level->names = realloc(level->names, (size_t)level->size * sizeof(*level->names));
    }
    char *copy = strdup(component);
    if (!copy || !level->names)
        abort(); // as everywhere where little is asked for
    level->names[level->count++] = (struct found){copy, beside};
}

/* Whether its turn is yet to come, and it has, or leads to, keys that are wanted. */
static bool is_wanted(const struct folder_listing *listing, const struct level *level,
                      const char *key, bool folder)
{
    const char *component = key + strlen(level->key);
    size_t length = strlen(key), wanted = strlen(listing->prefix);
    if (length < wanted && !folder)
        return false;
    return (!level->after || strcmp(component, level->after) > 0) &&
           !strncmp(key, listing->prefix, length < wanted ? length : wanted);
}

/* Whether key_to_path() makes of `key` the path and then `rest`. */
static bool is_path_of(const char *path, const char *rest, const char *key)
{
    char expected[KEY_PATH_SIZE];
    size_t length = strlen(path);
    return !key_to_path(key, expected) && !strncmp(expected, path, length) &&
           !strcmp(expected + length, rest);
}

/* Where a folder is whose keys begin so. */
static void folder_path(const char *key, char path[KEY_PATH_SIZE])
{
    snprintf(path, KEY_PATH_SIZE, ".");
    if (*key && !key_to_path(key, path))
        *strrchr(path, '/') = '\0'; // of "/.%", where the key that ends here is
}

static bool path_below(const char *path, const char *name, char below[KEY_PATH_SIZE])
{
    bool inside = strcmp(path, ".");
    return snprintf(below, KEY_PATH_SIZE, "%s%s%s", inside ? path : "", inside ? "/" : "", name) <
           KEY_PATH_SIZE;
}

enum kind { KIND_OTHER, KIND_FILE, KIND_FOLDER };

static enum kind kind_of(int dir, const char *path, int type)
{
    struct stat st;
    if (type != DT_UNKNOWN)
        return type == DT_REG ? KIND_FILE : type == DT_DIR ? KIND_FOLDER : KIND_OTHER;
    if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return KIND_OTHER;
    return S_ISREG(st.st_mode) ? KIND_FILE : S_ISDIR(st.st_mode) ? KIND_FOLDER : KIND_OTHER;
}

static bool has_beside(int dir, const char *name)
{
    char path[NAME_MAX + sizeof("/" KEY_BESIDE)];
    snprintf(path, sizeof(path), "%s/%s", name, KEY_BESIDE);
    return kind_of(dir, path, DT_UNKNOWN) == KIND_FILE;
}

/* A file or folder called so, at that path; `component` has what the folder it is in begins. */
static void add_component(struct folder_listing *listing, struct level *level, int dir,
                          const char *name, enum kind kind, const char *path, const char *component)
{
    char key[KEY_MAX_BYTES + 2];
    size_t begin = strlen(level->key);
    int length = snprintf(key, sizeof(key), "%s%s", level->key, component);
    if (length > KEY_MAX_BYTES)
        return;
    if (is_wanted(listing, level, key, false) && is_path_of(path, "", key) &&
        (kind == KIND_FILE || has_beside(dir, name)))
        keep(level, key + begin, kind == KIND_FOLDER);
    snprintf(key + length, 2, "/");
    if (kind == KIND_FOLDER && is_wanted(listing, level, key, true) && is_path_of(path, "/.%", key))
        keep(level, key + begin, false);
}

static void directory_close(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

/* NULL with errno set. */
static DIR *directory_open(const struct folder_listing *listing, const char *path)
{
    int fd = open_beneath(listing->bucket, path, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        file_close(&fd);
    return dir;
}

/* Reads the folder at `path`, in which components begin with `begun`. */
static int read_folder(struct folder_listing *listing, struct level *level, const char *path,
                       const char *begun, struct error *err)
{
    CLEANUP(directory_close) DIR *dir = directory_open(listing, path);
    if (!dir)
        return is_gone() ? 0 : listing_error(listing, level->key, err);
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(dir))) {
        char component[KEY_MAX_BYTES + 1], below[KEY_PATH_SIZE];
        const char *rest, *name = entry->d_name;
        enum kind kind = kind_of(dirfd(dir), name, entry->d_type);
        enum key_name what = key_name(name, &rest);
        if (cancel_requested(listing->cancel))
            return error_set(err, ERROR_CANCELED, "canceled while listing 's3://%s'",
                             listing->bucket_name);
        if (kind == KIND_OTHER || !strcmp(name, ".") || !strcmp(name, "..") ||
            snprintf(component, sizeof(component), "%s%s", begun, rest) > KEY_MAX_BYTES ||
            !path_below(path, name, below))
            continue;
        if (what == KEY_NAME_COMPONENT)
            add_component(listing, level, dirfd(dir), name, kind, below, component);
        if (what == KEY_NAME_CONTINUED && kind == KIND_FOLDER &&
            read_folder(listing, level, below, component, err) < 0)
            return -1;
    }
    return errno ? listing_error(listing, level->key, err) : 0;
}

/* Finds the names whose turn is next. */
static int read_level(struct folder_listing *listing, struct level *level, struct error *err)
{
    char path[KEY_PATH_SIZE];
    folder_path(level->key, path);
    if (level->count) {
        free(level->after);
        level->after = TAKE(level->names[level->count - 1].component);
    }
    forget_names(level, 0);
    level->next = 0;
    level->more = false;
    if (read_folder(listing, level, path, "", err) < 0)
        return -1;
    if (level->count)
        qsort(level->names, (size_t)level->count, sizeof(*level->names), compare);
    return 0;
}

/* --- the walk --- */

static int enter(struct folder_listing *listing, const char *key, struct error *err)
{
    struct level *level = calloc(1, sizeof(*level));
    char *copy = strdup(key);
    if (!level || !copy)
        abort();
    level->above = listing->top;
    level->key = copy;
    listing->top = level;
    return read_level(listing, level, err);
}

static void leave(struct folder_listing *listing)
{
    struct level *level = listing->top;
    listing->top = level->above;
    forget_names(level, 0);
    free(level->names);
    free(level->after);
    free(level->key);
    free(level);
}

/* Looks at the object of listing->key. 1: it is there. */
static int look(struct folder_listing *listing, bool beside, struct error *err)
{
    char path[KEY_PATH_SIZE];
    if (key_to_path(listing->key, path) < 0)
        return 0;
    if (beside)
        snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s", KEY_BESIDE);
    CLEANUP(file_close) int file = open_beneath(listing->bucket, path, O_PATH | O_NOFOLLOW);
    if (file < 0)
        return is_gone() ? 0 : listing_error(listing, listing->key, err);
    if (file_look(file, &listing->info, listing->storage_class, sizeof(listing->storage_class)) < 0)
        return is_gone() ? 0 : listing_error(listing, listing->key, err);
    listing->entry = (struct object_entry){
        .key = listing->key,
        .bytes = listing->info.bytes,
        .modified_us = listing->info.modified_us,
        .etag = listing->info.etag,
        .storage_class = listing->storage_class,
    };
    return 1;
}

static int folder_list_next(struct object_list *base, const struct object_entry **ret,
                            struct error *err)
{
    struct folder_listing *listing = folder_listing(base);
    struct level *level;
    *ret = NULL;
    while ((level = listing->top)) {
        if (level->next == level->count) {
            if (!level->more)
                leave(listing);
            else if (read_level(listing, level, err) < 0)
                return -1;
            continue;
        }
        if (cancel_requested(listing->cancel))
            return error_set(err, ERROR_CANCELED, "canceled while listing 's3://%s'",
                             listing->bucket_name);

        const struct found *found = &level->names[level->next++];
        size_t length = strlen(found->component);
        bool again = level->next > 1 && !compare(found - 1, found);
        if (again) // a folder that changes while it is read may show a name twice
            continue;
        snprintf(listing->key, sizeof(listing->key), "%s%s", level->key, found->component);
        bool folder = length && found->component[length - 1] == '/';
        int r = folder ? enter(listing, listing->key, err) : look(listing, found->beside, err);
        if (r < 0)
            return -1;
        if (r > 0) {
            *ret = &listing->entry;
            return 0;
        }
    }
    return 0;
}

static void folder_list_free(struct object_list *base)
{
    struct folder_listing *listing = folder_listing(base);
    while (listing->top)
        leave(listing);
    file_close(&listing->bucket);
    free(listing->bucket_name);
    free(listing->prefix);
    free(listing);
}

static const struct list_ops folder_list_ops = {
    .next = folder_list_next,
    .free = folder_list_free,
};

int folder_list(struct storage *storage, const struct object_name *name, struct cancel *cancel,
                struct object_list **ret, struct error *err)
{
    CLEANUP(file_close) int bucket = -1;
    if (folder_enter((const struct folder *)storage, name, &bucket, err) < 0)
        return -1;
    struct folder_listing *listing = calloc(1, sizeof(*listing));
    if (!listing)
        return error_set(err, ERROR_BUG, "out of memory");
    listing->base.ops = &folder_list_ops;
    listing->bucket = bucket;
    bucket = -1;
    listing->bucket_name = strdup(name->bucket);
    listing->prefix = strdup(name->key);
    listing->cancel = cancel;
    CLEANUP(object_list_free) struct object_list *list = &listing->base;
    if (!listing->bucket_name || !listing->prefix)
        return error_set(err, ERROR_BUG, "out of memory");
    if (enter(listing, "", err) < 0)
        return -1;
    *ret = TAKE(list);
    return 0;
}
