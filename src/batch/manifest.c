/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/manifest.h"

#include <stdio.h>
#include <string.h>

#include "batch/batch.h"
#include "batch/manifest_inventory.h"
#include "batch/rows.h"

struct reading {
    struct storage *storage;
    const struct batch_request *request;
    struct entry_sink *sink;
    struct cancel *cancel;
    const char *uri, *name; /* the name is for messages */
    struct object_reader *reader;
    struct arena *arena;
    const char *code; /* of the failure, once there is one */
};

static void reading_release(struct reading *r)
{
    object_close(&r->reader);
    arena_free(&r->arena);
}

/* --- the object --- */

const char *manifest_name(struct arena *arena, const char *uri)
{
    enum { NAME_MAX_BYTES = 120, HALF = 58 };
    size_t length = strlen(uri);
    if (length <= NAME_MAX_BYTES)
        return uri;
    const char *end = uri + length - HALF;
    size_t start = HALF;
    while (start && ((unsigned char)uri[start] & 0xc0) == 0x80) // in the middle of a character
        start--;
    while (((unsigned char)*end & 0xc0) == 0x80)
        end++;
    return arena_printf(arena, "%.*s...%s", (int)start, uri, end);
}

/* What S3 Batch Operations says where it may not read the manifest, and our words for the rest. */
static int cannot_open(struct reading *r, struct error *err)
{
    if (err->kind == ERROR_PERMISSION) {
        r->code = FAILURE_FORBIDDEN;
        return error_add(err, "Reading the manifest is forbidden: AccessDenied");
    }
    r->code = err->kind == ERROR_NOT_FOUND || err->kind == ERROR_FILE_OPEN ? FAILURE_NOT_FOUND
                                                                           : FAILURE_READ;
    return error_add(err, "the manifest cannot be opened");
}

static void without_quotes(char out[72], const char *etag)
{
    size_t length = strlen(etag);
    if (length >= 2 && etag[0] == '"' && etag[length - 1] == '"') {
        etag++;
        length -= 2;
    }
    snprintf(out, 72, "%.*s", (int)(length < 72 ? length : 71), etag);
}

static int check_etag(struct reading *r, struct manifest_summary *summary, struct error *err)
{
    const char *etag, *wanted = r->request->manifest_etag;
    char given[72];
    if (object_etag(r->reader, &etag, err) < 0) {
        r->code = FAILURE_READ;
        return -1;
    }
    without_quotes(summary->etag, etag);
    r->code = FAILURE_ETAG;
    if (wanted && strncmp(r->uri, "s3://", 5) == 0 && !*wanted)
        return error_set(err, ERROR_INPUT, "no ETag was given for the manifest '%s'", r->name);
    if (!wanted)
        return 0;
    without_quotes(given, wanted);
    if (strcmp(given, summary->etag) != 0)
        return error_set(err, ERROR_INPUT,
                         "the ETag of the manifest '%s' is '%s': the job was created for '%s'",
                         r->name, summary->etag, given);
    return 0;
}

static int open_object(struct reading *r, struct manifest_summary *summary, struct error *err)
{
    r->code = FAILURE_CONTENT;
    if (batch_uri(r->arena, r->request->manifest, &r->uri, err) < 0)
        return -1;
    r->name = manifest_name(r->arena, r->uri);
    if (storage_open(r->storage, r->uri, r->cancel, &r->reader, err) < 0)
        return cannot_open(r, err);
    const struct object_info *info = object_info(r->reader);
    if (strncmp(info->encryption, "aws:kms", strlen("aws:kms")) == 0)
        return error_set(err, ERROR_INPUT,
                         "the manifest '%s' is encrypted with a KMS key: that is not supported",
                         r->name);
    return check_etag(r, summary, err);
}

static int read_piece(struct reading *r, int64_t at, void *buffer, size_t room, size_t *ret_size,
                      struct error *err)
{
    if (cancel_requested(r->cancel))
        return error_set(err, ERROR_CANCELED, "canceled");
    if (object_read(r->reader, at, buffer, room, ret_size, err) < 0) {
        r->code = FAILURE_READ;
        return -1;
    }
    return 0;
}

/* --- the two formats --- */

static int push_object(struct reading *r, struct rows *rows, struct error *err)
{
    enum { PIECE = 64 * 1024 };
    CLEANUP(free_pointer) char *buffer = malloc(PIECE);
    if (!buffer)
        return error_set(err, ERROR_BUG, "out of memory");
    size_t size;
    for (int64_t at = 0;; at += (int64_t)size) {
        if (read_piece(r, at, buffer, PIECE, &size, err) < 0)
            return -1;
        if (!size)
            return 0;
        if (rows_push(rows, buffer, size, err) < 0)
            return -1;
    }
}

static int check_fields(const struct batch_request *request, struct error *err)
{
    static const char *const known[] = {"Ignore", "Bucket", "Key", "VersionId"};
    for (int i = 0; i < request->fields_count; i++) {
        bool found = false;
        for (size_t j = 0; j < COUNT(known); j++)
            found = found || strcmp(request->fields[i], known[j]) == 0;
        if (!found)
            return error_set(err, ERROR_INPUT, "there is no manifest field '%s'",
                             request->fields[i]);
    }
    return 0;
}

static int read_csv(struct reading *r, int64_t *ret_entries, struct error *err)
{
    const struct batch_request *request = r->request;
    struct rows_columns columns;
    CLEANUP(rows_free) struct rows *rows = NULL;
    r->code = FAILURE_CONTENT;
    if (check_fields(request, err) < 0 ||
        rows_columns_find(request->fields, request->fields_count, &columns, err) < 0 ||
        rows_new(&rows, &columns, r->name, "", r->sink, err) < 0)
        return -1;
    if (push_object(r, rows, err) < 0 || rows_end(rows, ret_entries, err) < 0) {
        if (rows_sink_failed(rows))
            r->code = FAILURE_INTERNAL;
        return -1;
    }
    return 0;
}

static int read_json(struct reading *r, struct inventory *ret, struct error *err)
{
    int64_t bytes = object_info(r->reader)->bytes;
    if (bytes > MANIFEST_JSON_MAX)
        return error_set(err, ERROR_INPUT, "'%s' is longer than %d bytes: it is no manifest.json",
                         r->name, MANIFEST_JSON_MAX);
    char *text = arena_alloc(r->arena, (size_t)bytes + 1);
    size_t size = 0;
    for (size_t got; size < (size_t)bytes; size += got) {
        if (read_piece(r, (int64_t)size, text + size, (size_t)bytes - size, &got, err) < 0)
            return -1;
        if (!got)
            break;
    }
    return inventory_parse(r->arena, r->name, text, size, ret, err);
}

static int read_inventory(struct reading *r, int64_t *ret_entries, struct error *err)
{
    struct inventory inventory;
    int64_t entries = 0;
    r->code = FAILURE_CONTENT;
    if (read_json(r, &inventory, err) < 0)
        return -1;
    for (int i = 0; i < inventory.files_count; i++) {
        if (inventory_read_file(r->storage, &inventory, &inventory.files[i], r->sink, r->cancel,
                                &entries, &r->code, err) < 0)
            return -1;
        if (entries > MANIFEST_ENTRIES_MAX)
            return error_set(err, ERROR_INPUT, "'%s' has more than %d entries", r->name,
                             MANIFEST_ENTRIES_MAX);
    }
    *ret_entries = entries;
    return 0;
}

int manifest_read(struct storage *storage, const struct batch_request *request,
                  struct entry_sink *sink, struct cancel *cancel, struct manifest_summary *ret,
                  const char **ret_code, struct error *err)
{
    CLEANUP(reading_release)
    struct reading r = {storage, request, sink, cancel, .arena = arena_new()};
    struct manifest_summary summary = {0};
    int result = open_object(&r, &summary, err);
    if (result == 0)
        result = request->manifest_format == BATCH_MANIFEST_CSV
                     ? read_csv(&r, &summary.entries, err)
                     : read_inventory(&r, &summary.entries, err);
    if (result == 0 && !summary.entries) {
        r.code = FAILURE_CONTENT;
        result = error_set(err, ERROR_INPUT, "the manifest '%s' has no entries", r.name);
    }
    if (result < 0) {
        *ret_code = err->kind == ERROR_BUG ? FAILURE_INTERNAL : r.code;
        return -1;
    }
    *ret = summary;
    return 0;
}
