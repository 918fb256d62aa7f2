/* SPDX-License-Identifier: Apache-2.0 */
/* Takes names apart and hands every call to the store that was chosen. */
#include "s3/storage.h"

#include <stdlib.h>
#include <string.h>

#include "s3/file.h"
#include "s3/store.h"

int storage_split_uri(const char *uri, const char **ret_bucket, size_t *ret_bucket_length,
                      const char **ret_key, struct error *err)
{
    const char *bucket = uri + strlen("s3://");
    if (strncmp(uri, "s3://", strlen("s3://")))
        return error_set(err, ERROR_FILE_OPEN, "'%s' does not begin with s3://", uri);
    size_t length = strcspn(bucket, "/");
    if (!length || !bucket[length] || !bucket[length + 1])
        return error_set(err, ERROR_FILE_OPEN, "'%s' is not of the form s3://bucket/key", uri);

    *ret_bucket = bucket;
    *ret_bucket_length = length;
    *ret_key = bucket + length + 1;
    return 0;
}

static int name_split(struct object_name *ret, const char *uri, struct error *err)
{
    const char *bucket = NULL, *key = NULL;
    size_t length = 0;
    if (storage_split_uri(uri, &bucket, &length, &key, err) < 0)
        return -1;
    if (length >= sizeof(ret->bucket))
        return error_set(err, ERROR_FILE_OPEN, "the bucket's name in '%s' is too long", uri);

    ret->uri = uri;
    ret->key = key;
    memcpy(ret->bucket, bucket, length);
    ret->bucket[length] = '\0';
    return 0;
}

/* The same where the key, a prefix of keys then, may be missing. */
static int prefix_split(struct object_name *ret, const char *uri, struct error *err)
{
    static const char scheme[] = "s3://";
    const char *bucket = uri + strlen(scheme);
    if (strncmp(uri, scheme, strlen(scheme)) || !*bucket || *bucket == '/')
        return error_set(err, ERROR_FILE_OPEN, "'%s' is not of the form s3://bucket/prefix", uri);
    size_t length = strcspn(bucket, "/");
    if (length >= sizeof(ret->bucket))
        return error_set(err, ERROR_FILE_OPEN, "the bucket's name in '%s' is too long", uri);

    ret->uri = uri;
    ret->key = bucket + length + (bucket[length] == '/');
    memcpy(ret->bucket, bucket, length);
    ret->bucket[length] = '\0';
    return 0;
}

struct object_headers object_headers_copy(struct arena *arena, const struct object_headers *from)
{
    return (struct object_headers){
        .content_type = copy_text(arena, from->content_type),
        .content_encoding = copy_text(arena, from->content_encoding),
        .canned_acl = copy_text(arena, from->canned_acl),
        .storage_class = copy_text(arena, from->storage_class),
        .encryption = copy_text(arena, from->encryption),
        .kms_key = copy_text(arena, from->kms_key),
        .kms_context = copy_text(arena, from->kms_context),
    };
}

void storage_free(struct storage **storage)
{
    if (*storage)
        (*storage)->ops->free(*storage);
    *storage = NULL;
}

bool storage_makes_buckets(const struct storage *storage)
{
    return storage->ops->makes_buckets;
}

int storage_open(struct storage *storage, const char *uri, struct cancel *cancel,
                 struct object_reader **ret, struct error *err)
{
    if (!strncmp(uri, "file://", strlen("file://")))
        return file_open(uri, ret, err);
    if (!strncmp(uri, "http://", strlen("http://")) ||
        !strncmp(uri, "https://", strlen("https://")))
        return web_open(uri, cancel, ret, err);
    struct object_name name;
    if (name_split(&name, uri, err) < 0)
        return -1;
    return storage->ops->open(storage, &name, cancel, ret, err);
}

void object_close(struct object_reader **reader)
{
    if (*reader)
        (*reader)->ops->close(*reader);
    *reader = NULL;
}

const struct object_info *object_info(const struct object_reader *reader)
{
    return &reader->info;
}

int object_etag(struct object_reader *reader, const char **ret, struct error *err)
{
    if (!reader->info.etag[0] && reader->ops->etag(reader, err) < 0)
        return -1;
    *ret = reader->info.etag;
    return 0;
}

int object_read(struct object_reader *reader, int64_t offset, void *buffer, size_t size,
                size_t *ret_size, struct error *err)
{
    return reader->ops->read(reader, offset, buffer, size, ret_size, err);
}

int storage_list(struct storage *storage, const char *uri, struct cancel *cancel,
                 struct object_list **ret, struct error *err)
{
    struct object_name name;
    if (prefix_split(&name, uri, err) < 0)
        return -1;
    return storage->ops->list(storage, &name, cancel, ret, err);
}

int object_list_next(struct object_list *list, const struct object_entry **ret, struct error *err)
{
    return list->ops->next(list, ret, err);
}

void object_list_free(struct object_list **list)
{
    if (*list)
        (*list)->ops->free(*list);
    *list = NULL;
}

int storage_remove(struct storage *storage, const char *uri, int64_t since_us,
                   struct cancel *cancel, struct error *err)
{
    struct object_name name;
    if (name_split(&name, uri, err) < 0)
        return -1;
    return storage->ops->remove(storage, &name, since_us, cancel, err);
}

int64_t storage_retries(const struct storage *storage)
{
    return storage->ops->retries ? storage->ops->retries(storage) : 0;
}

bool storage_is_littered(const struct storage *storage)
{
    return atomic_load(&storage->littered);
}

void storage_sweep(struct storage *storage)
{
    storage->ops->sweep(storage);
}

int delivery_new(struct storage *storage, struct cancel *cancel, struct delivery **ret,
                 struct error *err)
{
    return storage->ops->delivery_new(storage, cancel, ret, err);
}

void delivery_announce_to(struct delivery *delivery, struct announcer *announcer)
{
    delivery->announcer = announcer;
}

int announce(const struct delivery *delivery, const char *const *uris, int count, struct error *err)
{
    struct announcer *announcer = delivery->announcer;
    return announcer ? announcer->announce(announcer, uris, count, err) : 0;
}

int delivery_scratch(struct delivery *delivery, const char **ret_path, struct error *err)
{
    return delivery->ops->delivery_scratch(delivery, ret_path, err);
}

int delivery_commit(struct delivery *delivery, struct error *err)
{
    return delivery->ops->delivery_commit(delivery, err);
}

const char *delivery_warning(struct delivery *delivery)
{
    return delivery->ops->delivery_warning ? delivery->ops->delivery_warning(delivery) : NULL;
}

void delivery_free(struct delivery **delivery)
{
    if (*delivery)
        (*delivery)->ops->delivery_free(*delivery);
    *delivery = NULL;
}

int object_create(struct delivery *delivery, const char *uri, const struct object_headers *headers,
                  struct object_writer **ret, struct error *err)
{
    static const struct object_headers none;
    struct object_name name;
    if (name_split(&name, uri, err) < 0)
        return -1;
    return delivery->ops->create(delivery, &name, headers ? headers : &none, ret, err);
}

int object_write(struct object_writer *writer, const void *bytes, size_t size, struct error *err)
{
    return writer->ops->write(writer, bytes, size, err);
}

int object_finish(struct object_writer *writer, const void *head, size_t head_size,
                  struct error *err)
{
    return writer->ops->finish(writer, head, head_size, err);
}

void object_writer_free(struct object_writer **writer)
{
    if (*writer)
        (*writer)->ops->writer_free(*writer);
    *writer = NULL;
}

int object_put(struct delivery *delivery, const char *uri, const struct object_headers *headers,
               const void *bytes, size_t size, struct error *err)
{
    CLEANUP(object_writer_free) struct object_writer *writer = NULL;
    if (object_create(delivery, uri, headers, &writer, err) < 0 ||
        object_write(writer, bytes, size, err) < 0)
        return -1;
    return object_finish(writer, NULL, 0, err);
}
