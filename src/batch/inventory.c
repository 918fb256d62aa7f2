/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/inventory.h"

#include <inttypes.h>
#include <string.h>

#include <openssl/evp.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/random.h"
#include "s3/digest.h"
#include "s3/uri.h"

/* --- fields --- */

enum column {
    FIELD_SIZE,
    FIELD_LAST_MODIFIED_DATE,
    FIELD_ETAG,
    FIELD_STORAGE_CLASS,
    FIELD_IS_MULTIPART_UPLOADED,
};

const struct inventory_field inventory_fields[] = {
    [FIELD_SIZE] = {"Size", true},
    [FIELD_LAST_MODIFIED_DATE] = {"LastModifiedDate", true},
    [FIELD_ETAG] = {"ETag", true},
    [FIELD_STORAGE_CLASS] = {"StorageClass", true},
    [FIELD_IS_MULTIPART_UPLOADED] = {"IsMultipartUploaded", true},
    {"ReplicationStatus", false},
    {"EncryptionStatus", false},
    {"ObjectLockRetainUntilDate", false},
    {"ObjectLockMode", false},
    {"ObjectLockLegalHoldStatus", false},
    {"IntelligentTieringAccessTier", false},
    {"BucketKeyStatus", false},
    {"ChecksumAlgorithm", false},
    {"ObjectAccessControlList", false},
    {"ObjectOwner", false},
    {0},
};

int inventory_field(const char *name)
{
    for (int i = 0; inventory_fields[i].name; i++)
        if (!strcmp(inventory_fields[i].name, name))
            return i;
    return -1;
}

int inventory_read_fields(const char *text, unsigned *ret, struct error *err)
{
    unsigned fields = 0;
    CLEANUP(arena_free) struct arena *arena = arena_new();
    while (*(text += strspn(text, " "))) {
        size_t length = strcspn(text, ", ");
        const char *name = arena_strndup(arena, text, length);
        int field = inventory_field(name);
        if (field < 0)
            return error_set(err, ERROR_BAD_REQUEST, "there is no inventory field '%s'", name);
        if (fields & 1u << field)
            return error_set(err, ERROR_BAD_REQUEST, "the field '%s' is given twice", name);
        fields |= 1u << field;
        text += length;
        text += strspn(text, " ");
        if (*text == ',' && !*++text)
            return error_set(err, ERROR_BAD_REQUEST, "there is no field behind '%s,'", name);
    }
    *ret = fields;
    return 0;
}

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

bool inventory_id_is_valid(const char *id)
{
    size_t length = strlen(id);
    return length && length <= INVENTORY_ID_MAX && strspn(id, NAME_BYTES) == length &&
           strcmp(id, ".") && strcmp(id, "..");
}

/* --- a report on its way --- */

struct data_file {
    struct data_file *next;
    const char *key;
    int64_t bytes;
    char md5[MD5_HEX_SIZE];
};

struct writer {
    struct storage *storage;
    const struct inventory_request *request;
    struct delivery *delivery;
    struct cancel *cancel;
    struct arena *arena;
    const char *folder; /* all keys of the report begin so; it ends in a slash */
    struct inventory_report *report;
    struct data_file *first, **end;

    /* The data file that is being written; NULL: there is none. */
    struct data_file *file;
    struct object_writer *object;
    EVP_MD_CTX *md5;
    z_stream gzip;
    int64_t rows;
    struct text text; /* rows that are not packed yet */
};

enum { PACKED_AT_ONCE = 64 * 1024 };

static const char *uri_of(const struct writer *w, const char *key)
{
    return arena_printf(w->arena, "s3://%s/%s", w->request->to_bucket, key);
}

static struct object_headers headers_of(const struct writer *w, const char *content_type)
{
    return (struct object_headers){
        .content_type = content_type,
        .encryption = w->request->encryption,
        .kms_key = w->request->kms_key,
    };
}

/* Packs the rows that have come together; with `end` also what the packer has kept. */
static int pack(struct writer *w, bool end, struct error *err)
{
    unsigned char packed[PACKED_AT_ONCE];
    int r = Z_OK;
    w->gzip.next_in = (unsigned char *)w->text.data;
    w->gzip.avail_in = (uInt)w->text.size;
    do {
        w->gzip.next_out = packed;
        w->gzip.avail_out = sizeof(packed);
        r = deflate(&w->gzip, end ? Z_FINISH : Z_NO_FLUSH);
        size_t size = sizeof(packed) - w->gzip.avail_out;
        if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
            return error_set(err, ERROR_BUG, "gzip failed: %d", r);
        EVP_DigestUpdate(w->md5, packed, size);
        w->file->bytes += (int64_t)size;
        if (size && object_write(w->object, packed, size, err) < 0)
            return -1;
    } while (w->gzip.avail_out == 0 || (end && r != Z_STREAM_END));
    w->text.size = 0;
    return 0;
}

static int begin_file(struct writer *w, struct error *err)
{
    struct object_headers headers = headers_of(w, "application/gzip");
    char uuid[RANDOM_UUID_SIZE];
    struct data_file *file = ARENA_NEW(w->arena, struct data_file);
    file->key = arena_printf(w->arena, "%sdata/%s.csv.gz", w->folder, random_uuid(uuid));
    w->gzip = (z_stream){0};
    if (deflateInit2(&w->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return error_set(err, ERROR_BUG, "out of memory");
    w->file = file;
    w->md5 = md5_new();
    w->rows = 0;
    if (!w->md5)
        return error_set(err, ERROR_BUG, "out of memory");
    return object_create(w->delivery, uri_of(w, file->key), &headers, &w->object, err);
}

/* Also of a file that was not finished. */
static void release_file(struct writer *w)
{
    if (!w->file)
        return;
    object_writer_free(&w->object);
    md5_free(&w->md5);
    deflateEnd(&w->gzip);
    w->file = NULL;
}

static int end_file(struct writer *w, struct error *err)
{
    struct data_file *file = w->file;
    if (pack(w, true, err) < 0 || object_finish(w->object, NULL, 0, err) < 0)
        return -1;
    md5_hex(w->md5, file->md5);
    *w->end = file;
    w->end = &file->next;
    w->report->files++;
    release_file(w);
    return 0;
}

static void writer_release(struct writer *w)
{
    release_file(w);
    text_release(&w->text);
    delivery_free(&w->delivery);
}

/* --- rows --- */

/* The object's ETag, where it is asked for and the list does not have it. 1: it has gone. */
static int find_etag(struct writer *w, const struct object_entry *entry, struct object_info *ret,
                     struct error *err)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(object_close) struct object_reader *reader = NULL;
    const char *uri = arena_printf(arena, "s3://%s/%s", w->request->bucket, entry->key);
    const char *etag = entry->etag;
    if (!*etag && w->request->fields & 1u << FIELD_ETAG) {
        if (storage_open(w->storage, uri, w->cancel, &reader, err) < 0)
            return err->kind == ERROR_NOT_FOUND ? 1 : error_add(err, "its ETag");
        if (object_etag(reader, &etag, err) < 0)
            return error_add(err, "its ETag");
    }
    snprintf(ret->etag, sizeof(ret->etag), "%s", etag);
    return 0;
}

static void add_value(struct text *out, int field, const struct object_entry *entry,
                      const char *etag)
{
    char time[64];
    switch ((enum column)field) {
    case FIELD_SIZE:
        text_add(out, "%" PRId64, entry->bytes);
        break;
    case FIELD_LAST_MODIFIED_DATE:
        text_add(out, "%sZ", clock_format_ms(entry->modified_us, time));
        break;
    case FIELD_ETAG:
        text_add(out, "%s", etag);
        break;
    case FIELD_STORAGE_CLASS:
        text_add(out, "%s", entry->storage_class);
        break;
    case FIELD_IS_MULTIPART_UPLOADED: // the ETag of an object of parts says how many: "…-3"
        text_add(out, strchr(etag, '-') ? "true" : "false");
        break;
    }
}

static int add_row(struct writer *w, const struct object_entry *entry, struct error *err)
{
    struct object_info info;
    int r = find_etag(w, entry, &info, err);
    if (r)
        return r < 0 ? -1 : 0;
    if (!w->file && begin_file(w, err) < 0)
        return -1;
    text_add(&w->text, "\"%s\",\"", w->request->bucket);
    uri_encode(&w->text, entry->key, "/");
    for (int i = 0; inventory_fields[i].name; i++) {
        if (!(w->request->fields & 1u << i))
            continue;
        text_add(&w->text, "\",\"");
        add_value(&w->text, i, entry, info.etag);
    }
    text_add(&w->text, "\"\n");
    w->report->objects++;
    w->report->bytes += entry->bytes;
    w->rows++;
    if (w->rows == (w->request->rows_max ? w->request->rows_max : INVENTORY_ROWS_MAX))
        return end_file(w, err);
    return w->text.size >= PACKED_AT_ONCE ? pack(w, false, err) : 0;
}

static int write_data(struct writer *w, struct error *err)
{
    const struct inventory_request *request = w->request;
    CLEANUP(object_list_free) struct object_list *list = NULL;
    const struct object_entry *entry;
    const char *uri = arena_printf(w->arena, "s3://%s/%s", request->bucket, request->prefix);
    if (storage_list(w->storage, uri, w->cancel, &list, err) < 0)
        return -1;
    for (;;) {
        if (object_list_next(list, &entry, err) < 0)
            return -1;
        if (!entry)
            return w->file ? end_file(w, err) : 0;
        if (add_row(w, entry, err) < 0)
            return -1;
    }
}

/* --- what is written last --- */

static void describe(struct writer *w)
{
    CLEANUP(text_release) struct text schema = {0}, empty = {0};
    text_add(&schema, "Bucket, Key");
    text_append(&empty, "", 0);
    for (int i = 0; inventory_fields[i].name; i++) {
        const struct inventory_field *field = &inventory_fields[i];
        if (!(w->request->fields & 1u << i))
            continue;
        text_add(&schema, ", %s", field->name);
        if (!field->known)
            text_add(&empty, "%s%s", empty.size ? ", " : "", field->name);
    }
    w->report->schema = arena_strdup(w->arena, schema.data);
    w->report->empty = arena_strdup(w->arena, empty.data);
}

/* A JSON string; keys and names need nothing escaped but these. */
static void add_quoted(struct text *out, const char *s)
{
    text_add(out, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20)
            text_add(out, "\\u%04x", c);
        else
            text_add(out, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
    }
    text_add(out, "\"");
}

/* Laid out as S3 does it. */
static void add_manifest(const struct writer *w, int64_t at_us, struct text *out)
{
    const struct inventory_request *request = w->request;
    text_add(out,
             "{\n  \"sourceBucket\" : \"%s\",\n  \"destinationBucket\" : \"arn:aws:s3:::%s\",\n",
             request->bucket, request->to_bucket);
    text_add(out,
             "  \"version\" : \"2016-11-30\",\n  \"creationTimestamp\" : \"%" PRId64 "\",\n"
             "  \"fileFormat\" : \"CSV\",\n  \"fileSchema\" : \"%s\",\n  \"files\" : [",
             at_us / 1000, w->report->schema);
    for (const struct data_file *file = w->first; file; file = file->next) {
        text_add(out, "%s {\n    \"key\" : ", file == w->first ? "" : ",");
        add_quoted(out, file->key);
        text_add(out, ",\n    \"size\" : %" PRId64 ",\n    \"MD5checksum\" : \"%s\"\n  }",
                 file->bytes, file->md5);
    }
    text_add(out, " ]\n}");
}

static int put(struct writer *w, const char *uri, const char *content_type, const struct text *text,
               struct error *err)
{
    struct object_headers headers = headers_of(w, content_type);
    return object_put(w->delivery, uri, &headers, text->data ? text->data : "", text->size, err);
}

static int write_manifest(struct writer *w, struct error *err)
{
    struct inventory_report *report = w->report;
    char time[64], md5[MD5_HEX_SIZE];
    int64_t minute_us = 60 * INT64_C(1000000), at_us = w->request->at_us;
    at_us -= at_us % minute_us;
    CLEANUP(text_release) struct text symlink = {0}, manifest = {0}, checksum = {0};

    const char **data = report->data = ARENA_ARRAY(w->arena, const char *, report->files + 1);
    for (const struct data_file *file = w->first; file; file = file->next) {
        *data++ = uri_of(w, file->key);
        text_add(&symlink, "s3://%s/%s\n", w->request->to_bucket, file->key);
    }
    clock_format(at_us, "%Y-%m-%d-%H-%M", time);
    report->symlink =
        uri_of(w, arena_printf(w->arena, "%shive/dt=%s/symlink.txt", w->folder, time));
    clock_format(at_us, "%Y-%m-%dT%H-%MZ", time);
    const char *folder = arena_printf(w->arena, "%s%s/", w->folder, time);
    report->manifest = uri_of(w, arena_printf(w->arena, "%smanifest.json", folder));
    report->checksum = uri_of(w, arena_printf(w->arena, "%smanifest.checksum", folder));

    add_manifest(w, at_us, &manifest);
    unsigned char digest[MD5_BYTES];
    digest_md5((struct piece[HTTP_PIECES]){{manifest.data, manifest.size}}, digest);
    digest_hex(digest, sizeof(digest), md5);
    text_add(&checksum, "%s", md5);
    if (put(w, report->symlink, "text/plain", &symlink, err) < 0 ||
        put(w, report->manifest, "application/json", &manifest, err) < 0 ||
        put(w, report->checksum, "text/plain", &checksum, err) < 0)
        return -1;
    const char *warning = delivery_warning(w->delivery);
    report->warning = warning ? arena_strdup(w->arena, warning) : NULL;
    return delivery_commit(w->delivery, err);
}

/* As the store has it: it need not be the MD5. */
static int read_etag(struct writer *w, struct error *err)
{
    CLEANUP(object_close) struct object_reader *reader = NULL;
    const char *etag;
    if (storage_open(w->storage, w->report->manifest, w->cancel, &reader, err) < 0 ||
        object_etag(reader, &etag, err) < 0)
        return error_add(err, "the report is written");
    w->report->etag = arena_strdup(w->arena, etag);
    return 0;
}

static int check_bucket(const char *bucket, struct error *err)
{
    if (!*bucket || bucket[strspn(bucket, NAME_BYTES)])
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is no bucket's name", bucket);
    return 0;
}

/* What goes into keys and the manifest may not be whatever somebody says. */
static int check(const struct inventory_request *request, struct error *err)
{
    if (check_bucket(request->bucket, err) < 0 || check_bucket(request->to_bucket, err) < 0)
        return -1;
    if (!inventory_id_is_valid(request->id))
        return error_set(err, ERROR_BAD_REQUEST,
                         "an inventory's id has up to %d letters, digits, '.', '-' and '_', which "
                         "'%s' is not",
                         INVENTORY_ID_MAX, request->id);
    return 0;
}

int inventory_write(struct storage *storage, const struct inventory_request *request,
                    struct cancel *cancel, struct arena *arena, struct inventory_report *ret,
                    struct error *err)
{
    struct inventory_report report = {0};
    CLEANUP(writer_release)
    struct writer w = {
        .storage = storage,
        .request = request,
        .cancel = cancel,
        .arena = arena,
        .report = &report,
    };
    w.end = &w.first;
    size_t length = strlen(request->to_prefix);
    while (length && request->to_prefix[length - 1] == '/')
        length--;
    w.folder = arena_printf(arena, "%.*s%s%s/%s/", (int)length, request->to_prefix,
                            length ? "/" : "", request->bucket, request->id);
    describe(&w);
    if (check(request, err) < 0 || delivery_new(storage, cancel, &w.delivery, err) < 0 ||
        write_data(&w, err) < 0 || write_manifest(&w, err) < 0 || read_etag(&w, err) < 0)
        return error_add(err, "the inventory of 's3://%s/%s'", request->bucket, request->prefix);
    *ret = report;
    return 0;
}
