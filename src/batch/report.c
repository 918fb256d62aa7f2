/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/report.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/clock.h"
#include "batch/entries.h"
#include "s3/digest.h"

enum { PAGE = 1000, PIECE = 64 * 1024 };

/* --- rows --- */

/* Quoted where RFC 4180 wants it, and nowhere else. */
static void add_field(struct text *out, const char *value)
{
    if (!value[strcspn(value, ",\"\r\n")]) {
        text_append(out, value, strlen(value));
        return;
    }
    text_append(out, "\"", 1);
    for (size_t length; *value; value += length) {
        length = strcspn(value, "\"");
        text_append(out, value, length);
        if (value[length] == '"') {
            text_append(out, "\"\"", 2);
            length++;
        }
    }
    text_append(out, "\"", 1);
}

void report_row(struct text *out, const struct batch_entry *entry,
                const struct batch_result *result)
{
    char status[16];
    snprintf(status, sizeof(status), "%d", result->http_status);
    const char *const fields[] = {entry->bucket,
                                  entry->key,
                                  entry->version ? entry->version : "",
                                  result->succeeded ? "succeeded" : "failed",
                                  status,
                                  result->code,
                                  result->message};
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (i)
            text_append(out, ",", 1);
        add_field(out, fields[i]);
    }
    text_append(out, "\n", 1);
}

/* --- files --- */

struct report {
    const struct batches_options *options;
    const struct batch_record *record;
    const char *folder;
    int64_t rows_max;
    struct cancel *cancel;
    struct arena *arena;
    const char *bucket, *start; /* "PREFIX/job-ID/" */
    struct delivery *delivery;
    cJSON *results; /* of manifest.json */

    /* The file that is being written. */
    bool succeeded; /* whose rows are in it */
    int files;      /* so many of this kind were begun */
    const char *key;
    struct object_writer *writer;
    EVP_MD_CTX *md5;
    struct text text; /* that is not written yet */
    int64_t rows;
};

static void report_release(struct report *r)
{
    object_writer_free(&r->writer);
    delivery_free(&r->delivery);
    md5_free(&r->md5);
    cJSON_Delete(r->results);
    text_release(&r->text);
    arena_free(&r->arena);
}

static const char *uri_of(const struct report *r, const char *key)
{
    return arena_printf(r->arena, "s3://%s/%s", r->bucket, key);
}

/* "results/6217…a7daa5.csv": forty digits, the same whenever this file is written. */
static const char *file_key(const struct report *r)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    char hex[2 * SHA_DIGEST_LENGTH + 1];
    const char *name = arena_printf(r->arena, "%s/%s/%d", r->record->id,
                                    r->succeeded ? "succeeded" : "failed", r->files);
    SHA1((const unsigned char *)name, strlen(name), digest);
    digest_hex(digest, sizeof(digest), hex);
    return arena_printf(r->arena, "%sresults/%s.csv", r->start, hex);
}

static int begin_file(struct report *r, struct error *err)
{
    static const struct object_headers headers = {.content_type = "text/csv"};
    r->key = file_key(r);
    r->files++;
    r->rows = 0;
    r->md5 = md5_new();
    if (!r->md5)
        return error_set(err, ERROR_BUG, "cannot make an MD5");
    return object_create(r->delivery, uri_of(r, r->key), &headers, &r->writer, err);
}

static int flush(struct report *r, struct error *err)
{
    EVP_DigestUpdate(r->md5, r->text.data, r->text.size);
    int result = object_write(r->writer, r->text.data, r->text.size, err);
    r->text.size = 0;
    return result;
}

static int end_file(struct report *r, struct error *err)
{
    char hex[MD5_HEX_SIZE];
    if (!r->writer)
        return 0;
    if ((r->text.size && flush(r, err) < 0) || object_finish(r->writer, "", 0, err) < 0)
        return -1;
    object_writer_free(&r->writer);
    md5_hex(r->md5, hex);
    md5_free(&r->md5);
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "TaskExecutionStatus", r->succeeded ? "succeeded" : "failed");
    cJSON_AddStringToObject(result, "Bucket", r->bucket);
    cJSON_AddStringToObject(result, "MD5Checksum", hex);
    cJSON_AddStringToObject(result, "Key", r->key);
    cJSON_AddItemToArray(r->results, result);
    return 0;
}

static int add_row(struct report *r, const struct batch_entry *entry,
                   const struct batch_result *result, struct error *err)
{
    if (r->writer && r->rows == r->rows_max && end_file(r, err) < 0)
        return -1;
    if (!r->writer && begin_file(r, err) < 0)
        return -1;
    report_row(&r->text, entry, result);
    r->rows++;
    return r->text.size >= PIECE ? flush(r, err) : 0;
}

/* --- all rows of one kind --- */

static int find_entry(struct entries *entries, int64_t *next, int64_t number,
                      struct batch_entry *ret, struct error *err)
{
    for (; *next <= number; ++*next) {
        int r = entries_next(entries, ret, err);
        if (r == 0)
            return error_set(err, ERROR_INPUT, "the file of entries ends before entry %lld",
                             (long long)number);
        if (r < 0)
            return -1;
    }
    return 0;
}

static int add_rows(struct report *r, bool succeeded, struct error *err)
{
    CLEANUP(entries_close) struct entries *entries = NULL;
    int64_t next = 0, last = -1;
    if (entries_open(&entries, r->folder, err) < 0)
        return -1;
    r->succeeded = succeeded;
    r->files = 0;
    for (int count = PAGE; count == PAGE;) {
        CLEANUP(arena_free) struct arena *arena = arena_new();
        struct batch_result *results;
        if (cancel_requested(r->cancel))
            return error_set(err, ERROR_CANCELED, "canceled");
        if (status_batch_results(r->options->status, r->record->id, last, PAGE, arena, &results,
                                 &count, err) < 0)
            return -1;
        for (int i = 0; i < count; i++) {
            struct batch_entry entry;
            last = results[i].entry;
            if (results[i].succeeded != succeeded)
                continue;
            if (find_entry(entries, &next, last, &entry, err) < 0 ||
                add_row(r, &entry, &results[i], err) < 0)
                return -1;
        }
    }
    return end_file(r, err);
}

/* --- manifest.json --- */

static int put_manifest(struct report *r, struct error *err)
{
    static const struct object_headers json = {.content_type = "application/json"};
    static const struct object_headers plain = {.content_type = "text/plain"};
    char now[64];
    const char *created = arena_printf(r->arena, "%sZ", clock_format_ms(clock_true_us(), now));
    cJSON *manifest = cJSON_CreateObject();
    cJSON_AddStringToObject(manifest, "Format", "Report_CSV_20180820");
    cJSON_AddStringToObject(manifest, "ReportCreationDate", created);
    cJSON_AddItemToObject(manifest, "Results", TAKE(r->results));
    // not the order of the columns: S3 says so nevertheless
    cJSON_AddStringToObject(
        manifest, "ReportSchema",
        "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage");
    char *text = cJSON_PrintUnformatted(manifest);
    cJSON_Delete(manifest);
    if (!text)
        abort();
    unsigned char digest[MD5_BYTES];
    char hex[MD5_HEX_SIZE];
    const struct piece body[HTTP_PIECES] = {{text, strlen(text)}};
    digest_md5(body, digest);
    digest_hex(digest, sizeof(digest), hex);
    const char *key = arena_printf(r->arena, "%smanifest.json", r->start);
    int result = object_put(r->delivery, uri_of(r, key), &json, text, strlen(text), err);
    if (result == 0)
        result = object_put(r->delivery, uri_of(r, arena_printf(r->arena, "%s.md5", key)), &plain,
                            hex, strlen(hex), err);
    cJSON_free(text);
    return result;
}

/* --- the whole --- */

bool report_is_wanted(const struct batch_record *record)
{
    for (int i = 0; i < record->failures_count; i++)
        if (strcmp(record->failures[i].code, FAILURE_REPORT) == 0)
            return false;
    return record->request.report && record->succeeded + record->failed > 0;
}

/* "PREFIX/job-ID/"; the prefix is "a/b" or "a/b/" or none. */
static const char *start_of(struct arena *arena, const struct batch_record *record)
{
    const char *prefix = record->request.report_prefix ? record->request.report_prefix : "";
    size_t length = strlen(prefix);
    const char *slash = length && prefix[length - 1] != '/' ? "/" : "";
    return arena_printf(arena, "%s%sjob-%s/", prefix, slash, record->id);
}

const char *report_uri(struct arena *arena, const struct batch_record *record)
{
    if (!batch_status_is_final(record->status) || !report_is_wanted(record))
        return NULL;
    const char *bucket = strstr(record->request.report_bucket, ":::") + strlen(":::");
    return arena_printf(arena, "s3://%s/%smanifest.json", bucket, start_of(arena, record));
}

/* "arn:aws:s3:::BUCKET" */
static int read_place(struct report *r, struct error *err)
{
    const struct batch_request *request = &r->record->request;
    const char *arn = request->report_bucket ? request->report_bucket : "";
    const char *bucket = strstr(arn, ":s3:::");
    if (strncmp(arn, "arn:", 4) != 0 || !bucket || !bucket[6] || strchr(bucket, '/'))
        return error_set(err, ERROR_BAD_REQUEST, "'%s' is no bucket's ARN", arn);
    r->bucket = bucket + strlen(":s3:::");
    r->start = start_of(r->arena, r->record);
    return 0;
}

int report_write(const struct batches_options *options, const struct batch_record *record,
                 const char *folder, int64_t rows_max, struct cancel *cancel, struct error *err)
{
    CLEANUP(report_release)
    struct report r = {
        .options = options,
        .record = record,
        .folder = folder,
        .rows_max = rows_max,
        .cancel = cancel,
        .arena = arena_new(),
        .results = cJSON_CreateArray(),
    };
    bool all = record->request.report_scope == BATCH_REPORT_ALL_TASKS;
    if (read_place(&r, err) < 0 || delivery_new(options->storage, cancel, &r.delivery, err) < 0 ||
        (all && add_rows(&r, true, err) < 0) || add_rows(&r, false, err) < 0 ||
        put_manifest(&r, err) < 0)
        return -1;
    return delivery_commit(r.delivery, err);
}
