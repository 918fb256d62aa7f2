/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/manifest_inventory.h"

#include <ctype.h>
#include <string.h>

#include <openssl/evp.h>
#include <zlib.h>

#include "base/json.h"
#include "batch/batch.h"
#include "batch/manifest.h"
#include "s3/digest.h"

/* --- manifest.json --- */

static int text_member(const struct json *object, const char *name, const char *key,
                       const char **ret, struct error *err)
{
    const struct json *value = json_member(object, key);
    if (!value || value->type != JSON_STRING)
        return error_set(err, ERROR_INPUT, "'%s' has no string '%s'", name, key);
    *ret = value->string;
    return 0;
}

/* "Bucket, Key, Size" */
static int read_schema(struct arena *arena, const char *name, const char *schema,
                       struct rows_columns *ret, struct error *err)
{
    const char *names[ROWS_COLUMNS_MAX];
    int count = 0;
    char *rest = arena_strdup(arena, schema);
    for (char *word; (word = strsep(&rest, ","));) {
        if (count == ROWS_COLUMNS_MAX)
            return error_set(err, ERROR_INPUT, "'%s' has more than %d columns", name,
                             ROWS_COLUMNS_MAX);
        word += strspn(word, " ");
        word[strcspn(word, " ")] = '\0';
        names[count++] = word;
    }
    if (rows_columns_find(names, count, ret, err) < 0)
        return error_add(err, "fileSchema of '%s'", name);
    return 0;
}

static int read_file(struct arena *arena, const char *name, const char *bucket,
                     const struct json *object, struct inventory_file *ret, struct error *err)
{
    const char *key, *md5;
    const struct json *size = json_member(object, "size");
    if (object->type != JSON_OBJECT)
        return error_set(err, ERROR_INPUT, "'%s' has a file that is no object", name);
    if (text_member(object, name, "key", &key, err) < 0 ||
        text_member(object, name, "MD5checksum", &md5, err) < 0)
        return error_add(err, "files");
    if (!size || size->type != JSON_NUMBER || !(size->number >= 0 && size->number < 1e15) ||
        size->number != (double)(int64_t)size->number)
        return error_set(err, ERROR_INPUT, "'%s' does not say the size of '%s'", name, key);
    if (strlen(md5) != 2 * MD5_BYTES || strspn(md5, "0123456789abcdefABCDEF") != 2 * MD5_BYTES)
        return error_set(err, ERROR_INPUT, "'%s' has no MD5 for '%s'", name, key);
    char *lower = arena_strdup(arena, md5);
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    ret->uri = arena_printf(arena, "s3://%s/%s", bucket, key);
    ret->name = manifest_name(arena, ret->uri);
    ret->bytes = (int64_t)size->number;
    ret->md5 = lower;
    return 0;
}

static int compare_uris(const void *a, const void *b)
{
    const struct inventory_file *const *left = a, *const *right = b;
    return strcmp((*left)->uri, (*right)->uri);
}

/* Each file once: whoever names one a thousand times makes much of little. */
static int check_twice(const char *name, const struct inventory *inventory, struct error *err)
{
    int count = inventory->files_count;
    if (count < 2)
        return 0;
    CLEANUP(free_pointer)
    const struct inventory_file **sorted = calloc((size_t)count, sizeof(struct inventory_file *));
    if (!sorted)
        return error_set(err, ERROR_BUG, "out of memory");
    for (int i = 0; i < count; i++)
        sorted[i] = &inventory->files[i];
    qsort(sorted, (size_t)count, sizeof(struct inventory_file *), compare_uris);
    for (int i = 1; i < count; i++)
        if (strcmp(sorted[i - 1]->uri, sorted[i]->uri) == 0)
            return error_set(err, ERROR_INPUT, "'%s' names '%s' twice", name, sorted[i]->name);
    return 0;
}

static int read_files(struct arena *arena, const char *name, const char *bucket,
                      const struct json *files, struct inventory *ret, struct error *err)
{
    int count = 0;
    if (!files || files->type != JSON_ARRAY)
        return error_set(err, ERROR_INPUT, "'%s' has no list of files", name);
    for (const struct json *file = files->child; file; file = file->next)
        count++;
    if (count > MANIFEST_FILES_MAX)
        return error_set(err, ERROR_INPUT, "'%s' names more than %d files", name,
                         MANIFEST_FILES_MAX);
    ret->files = ARENA_ARRAY(arena, struct inventory_file, count);
    for (const struct json *file = files->child; file; file = file->next)
        if (read_file(arena, name, bucket, file, &ret->files[ret->files_count++], err) < 0)
            return -1;
    return check_twice(name, ret, err);
}

static int destination_bucket(struct arena *arena, const char *name, const char *arn,
                              const char **ret, struct error *err)
{
    const char *bucket = strstr(arn, ":::");
    if (strncmp(arn, "arn:", 4) != 0 || !bucket || !bucket[3] || strchr(bucket, '/'))
        return error_set(err, ERROR_INPUT, "destinationBucket of '%s' is no bucket's ARN: '%s'",
                         name, arn);
    *ret = arena_strdup(arena, bucket + 3);
    return 0;
}

int inventory_parse(struct arena *arena, const char *name, const char *text, size_t size,
                    struct inventory *ret, struct error *err)
{
    struct inventory inventory = {0};
    struct json *root;
    size_t at = 0;
    const char *format, *schema, *destination, *bucket;
    if (json_parse(arena, text, size, &root, &at, err) < 0) {
        err->kind = ERROR_INPUT;
        return error_add(err, "'%s' is no manifest.json: byte %zu", name, at);
    }
    if (root->type != JSON_OBJECT)
        return error_set(err, ERROR_INPUT, "'%s' is no manifest.json: it is no object", name);
    if (text_member(root, name, "fileFormat", &format, err) < 0 ||
        text_member(root, name, "fileSchema", &schema, err) < 0 ||
        text_member(root, name, "sourceBucket", &inventory.bucket, err) < 0 ||
        text_member(root, name, "destinationBucket", &destination, err) < 0)
        return -1;
    if (strcmp(format, "CSV") != 0)
        return error_set(err, ERROR_INPUT,
                         "'%s' is an inventory in the format '%s': only CSV can be a manifest",
                         name, format);
    if (!*inventory.bucket || strlen(inventory.bucket) > ENTRY_BUCKET_MAX)
        return error_set(err, ERROR_INPUT, "sourceBucket of '%s' is no bucket's name", name);
    if (destination_bucket(arena, name, destination, &bucket, err) < 0 ||
        read_schema(arena, name, schema, &inventory.columns, err) < 0 ||
        read_files(arena, name, bucket, json_member(root, "files"), &inventory, err) < 0)
        return -1;
    *ret = inventory;
    return 0;
}

/* --- gzip --- */

enum {
    OUT = 64 * 1024,
    GROWTH_FREE = 64 * 1024 * 1024, /* bytes before anybody asks how much it grows */
    GROWTH_MAX = 400,               /* times; real inventories grow some ten times */
};

struct gunzip {
    struct rows *rows;
    char *name;
    z_stream z;
    int64_t in, out;
    bool in_member; /* one has begun and not ended */
    bool any;       /* one has ended */
    unsigned char buffer[OUT];
};

int gunzip_new(struct gunzip **ret, struct rows *rows, const char *name, struct error *err)
{
    enum { GZIP_ONLY = 16 };
    struct gunzip *gunzip = calloc(1, sizeof(*gunzip));
    if (!gunzip || !(gunzip->name = strdup(name)) ||
        inflateInit2(&gunzip->z, MAX_WBITS + GZIP_ONLY) != Z_OK) {
        if (gunzip)
            free(gunzip->name);
        free(gunzip);
        return error_set(err, ERROR_BUG, "out of memory");
    }
    gunzip->rows = rows;
    *ret = gunzip;
    return 0;
}

void gunzip_free(struct gunzip **gunzip)
{
    if (!*gunzip)
        return;
    inflateEnd(&(*gunzip)->z);
    free((*gunzip)->name);
    free(*gunzip);
    *gunzip = NULL;
}

static int take_out(struct gunzip *gunzip, struct error *err)
{
    size_t size = sizeof(gunzip->buffer) - gunzip->z.avail_out;
    gunzip->out += (int64_t)size;
    if (gunzip->out > GROWTH_FREE && gunzip->out / GROWTH_MAX > gunzip->in)
        return error_set(err, ERROR_INPUT,
                         "'%s' grows more than %d times when it is unzipped, after row %lld",
                         gunzip->name, GROWTH_MAX, (long long)rows_count(gunzip->rows));
    return rows_push(gunzip->rows, gunzip->buffer, size, err);
}

int gunzip_push(struct gunzip *gunzip, const void *bytes, size_t size, struct error *err)
{
    gunzip->z.next_in = (unsigned char *)bytes; // zlib does not write to it
    gunzip->z.avail_in = (unsigned)size;
    gunzip->in += (int64_t)size;
    bool full = false; // there may be more that found no room
    while (gunzip->z.avail_in || full) {
        gunzip->z.next_out = gunzip->buffer;
        gunzip->z.avail_out = sizeof(gunzip->buffer);
        gunzip->in_member = true;
        int r = inflate(&gunzip->z, Z_NO_FLUSH);
        if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
            return error_set(err, ERROR_INPUT,
                             "'%s' is no gzip file, or is damaged after row %lld: %s", gunzip->name,
                             (long long)rows_count(gunzip->rows),
                             gunzip->z.msg ? gunzip->z.msg : "out of memory");
        full = r == Z_OK && !gunzip->z.avail_out;
        if (take_out(gunzip, err) < 0)
            return -1;
        if (r != Z_STREAM_END)
            continue;
        gunzip->in_member = false;
        gunzip->any = true;
        inflateReset(&gunzip->z);
    }
    return 0;
}

int gunzip_end(struct gunzip *gunzip, struct error *err)
{
    if (gunzip->in_member || !gunzip->any)
        return error_set(err, ERROR_INPUT,
                         "'%s' is cut short after row %lld: its gzip data have no end",
                         gunzip->name, (long long)rows_count(gunzip->rows));
    return 0;
}

/* --- a data file --- */

static int check_md5(EVP_MD_CTX *md5, const struct inventory_file *file, struct error *err)
{
    char hex[MD5_HEX_SIZE];
    md5_hex(md5, hex);
    if (strcmp(hex, file->md5) != 0)
        return error_set(err, ERROR_INPUT,
                         "the MD5 of '%s' is %s, and %s in the inventory's manifest.json",
                         file->name, hex, file->md5);
    return 0;
}

struct parts {
    struct object_reader *reader;
    struct rows *rows;
    struct gunzip *gunzip;
};

static void parts_release(struct parts *parts)
{
    object_close(&parts->reader);
    gunzip_free(&parts->gunzip);
    rows_free(&parts->rows);
}

/* *ret_damage: what is wrong with the gzip data or the rows; told only where the MD5 is right, for
 * then the fault is in what was listed, not in how it came here. */
static int read_bytes(struct parts *parts, const struct inventory_file *file, EVP_MD_CTX *md5,
                      bool *ret_damaged, struct error *damage, struct cancel *cancel,
                      const char **ret_code, struct error *err)
{
    enum { PIECE = 64 * 1024 };
    CLEANUP(free_pointer) char *buffer = malloc(PIECE);
    if (!buffer)
        return error_set(err, ERROR_BUG, "out of memory");
    *ret_damaged = false;
    for (int64_t at = 0; at < file->bytes;) {
        size_t size;
        if (cancel_requested(cancel))
            return error_set(err, ERROR_CANCELED, "canceled");
        if (object_read(parts->reader, at, buffer, PIECE, &size, err) < 0) {
            *ret_code = FAILURE_READ;
            return -1;
        }
        if (!size)
            return error_set(err, ERROR_INPUT, "'%s' ends at byte %lld", file->name, (long long)at);
        EVP_DigestUpdate(md5, buffer, size);
        if (!*ret_damaged && gunzip_push(parts->gunzip, buffer, size, damage) < 0) {
            *ret_damaged = true;
            if (rows_sink_failed(parts->rows))
                return *err = *damage, -1;
        }
        at += (int64_t)size;
    }
    return 0;
}

int inventory_read_file(struct storage *storage, const struct inventory *inventory,
                        const struct inventory_file *file, struct entry_sink *sink,
                        struct cancel *cancel, int64_t *entries, const char **ret_code,
                        struct error *err)
{
    CLEANUP(parts_release) struct parts parts = {0};
    CLEANUP(md5_free) EVP_MD_CTX *md5 = md5_new();
    *ret_code = FAILURE_CONTENT;
    if (!md5)
        return error_set(err, ERROR_BUG, "out of memory");
    if (storage_open(storage, file->uri, cancel, &parts.reader, err) < 0) {
        *ret_code = err->kind == ERROR_NOT_FOUND    ? FAILURE_NOT_FOUND
                    : err->kind == ERROR_PERMISSION ? FAILURE_FORBIDDEN
                                                    : FAILURE_READ;
        return error_add(err, "data file of the inventory");
    }
    int64_t bytes = object_info(parts.reader)->bytes;
    if (bytes != file->bytes)
        return error_set(err, ERROR_INPUT,
                         "'%s' has %lld bytes, and %lld in the inventory's manifest.json",
                         file->name, (long long)bytes, (long long)file->bytes);
    if (rows_new(&parts.rows, &inventory->columns, file->name, inventory->bucket, sink, err) < 0 ||
        gunzip_new(&parts.gunzip, parts.rows, file->name, err) < 0)
        return -1;
    bool damaged;
    struct error damage;
    int64_t count = 0;
    if (read_bytes(&parts, file, md5, &damaged, &damage, cancel, ret_code, err) < 0 ||
        check_md5(md5, file, err) < 0) {
        if (rows_sink_failed(parts.rows))
            *ret_code = FAILURE_INTERNAL;
        return -1;
    }
    if (damaged)
        return *err = damage, -1;
    if (gunzip_end(parts.gunzip, err) < 0 || rows_end(parts.rows, &count, err) < 0)
        return -1;
    *entries += count;
    return 0;
}
