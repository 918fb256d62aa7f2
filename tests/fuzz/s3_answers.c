/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what an S3 server, or a web server, answers to everything that is asked of one. The
 * first byte says what; the rest is a script of s3_script.h. */
#include <stdint.h>

#include "../unit/s3_script.h"
#include "s3/remote.h"
#include "s3/s3.h"
#include "s3/s3_bucket.h"
#include "s3/s3_upload.h"

enum { READ_MOST = 300 * 1000 };

static const struct credentials somebody = {"KEY", "secret", "token", "us-east-1"};
static const struct piece body[HTTP_PIECES] = {{"head", 4}, {"rest", 4}};

/* A message is one line without anything that a terminal acts upon. */
static void look_at(int r, const struct error *err)
{
    char text[2048];
    if (r == 0)
        return;
    for (const char *c = error_text(err, text, sizeof(text)); *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            abort();
    }
    if (!err->kind)
        abort();
}

/* Reads at the beginning, at the end and in the middle; what comes lies in the object. */
static void read_object(struct object_reader *reader, struct error *err)
{
    const int64_t bytes = object_info(reader)->bytes;
    const int64_t places[] = {0, bytes - 1, bytes / 2, bytes, INT64_MAX};
    CLEANUP(free_pointer) char *buffer = malloc(READ_MOST);
    if (bytes < 0)
        abort();
    for (size_t i = 0; i < COUNT(places); i++) {
        size_t size = 0;
        if (places[i] < 0 || object_read(reader, places[i], buffer, READ_MOST, &size, err) < 0)
            continue;
        if (size > READ_MOST || (places[i] < bytes && !size) ||
            (places[i] < bytes && (int64_t)size > bytes - places[i]))
            abort();
    }
}

static int read_any(struct client *client, const char *url, struct error *err)
{
    CLEANUP(object_close) struct object_reader *reader = NULL;
    struct request request = {
        .method = "GET", .verb = "open", .uri = "it", .bucket = "b", .key = "k", .url = url};
    if (remote_open(&reader, client, NULL, &request, err) < 0)
        return -1;
    read_object(reader, err);
    return 0;
}

static int put_parts(struct client *client, struct arena *arena, struct error *err)
{
    struct s3_upload upload = {.client = client, .name = {"s3://b/k", "k", "b"}};
    char etags[2][72];
    int r = s3_upload_begin(&upload, arena, err);
    for (int i = 0; i < 2 && r == 0; i++)
        r = s3_upload_part(&upload, i + 1, body, etags[i], err);
    if (r == 0)
        r = s3_upload_complete(&upload, (const char(*)[72])etags, 2, 16, err);
    if (r < 0)
        s3_upload_abort(&upload);
    return r;
}

static int list(const struct s3_bucket *bucket, struct arena *arena, struct error *err)
{
    struct object_listing *objects;
    const char *token = NULL;
    for (int page = 0; page < 3; page++) {
        if (s3_bucket_list(bucket, arena, "k", token, &objects, &token, err) < 0)
            return -1;
        for (; objects; objects = objects->next) {
            if (!objects->key || !objects->etag || !objects->storage_class || objects->bytes < 0)
                abort();
        }
        if (!token)
            break;
    }
    return 0;
}

static int ask(struct client *client, struct arena *arena, char what, struct error *err)
{
    struct s3_bucket bucket = {client, "b", NULL};
    struct s3_upload whole = {.client = client, .name = {"s3://b/k", "k", "b"}};
    struct upload_listing *uploads;
    struct object_info info;
    CLEANUP(text_release) struct text cors = {0};
    switch (what) {
    case 'r':
        return read_any(client, NULL, err);
    case 'w':
        return read_any(client, "https://web.example.com/a/b.mp4?c", err);
    case 'o':
        return s3_upload_whole(&whole, body, err);
    case 'p':
        return put_parts(client, arena, err);
    case 'l':
        return list(&bucket, arena, err);
    case 'u':
        return s3_bucket_list_uploads(&bucket, arena, "k", NULL, &uploads, err);
    case 'h':
        return s3_bucket_head(&bucket, "k", &info, err);
    case 'd':
        return s3_bucket_delete(&bucket, "k", err);
    case 'c':
        return s3_bucket_copy(&bucket, "k", "from", "a b", err);
    case 'b':
        return s3_bucket_create(&bucket, err);
    case 'g':
        return s3_bucket_get_cors(&bucket, &cors, err);
    default:
        return s3_bucket_put_cors(&bucket, "<CORSConfiguration/>", err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    CLEANUP(client_free) struct client *client = NULL;
    struct client_options options = {.endpoint = "https://s3.us-east-1.amazonaws.com",
                                     .credentials = &somebody};
    struct error err = {0};
    if (!size || client_new(&client, &options, &err) < 0)
        return 0;
    script_begin(data + 1, size - 1);
    look_at(ask(client, arena, (char)data[0], &err), &err);
    return 0;
}
