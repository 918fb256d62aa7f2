/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of storage.h: what one kind of store does. Each kind is one file that exports one
 * const struct store_ops; storage.c calls through it.
 *
 * A kind makes its own structs with one of these as their first member, called `base`, and gets
 * them back as that pointer. What each function promises stands in storage.h.
 */
#ifndef S3_STORE_H
#define S3_STORE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "s3/storage.h"

/* An s3:// name taken apart. */
struct object_name {
    const char *uri; /* as it was given, for messages */
    const char *key; /* pointer into uri; never "", but for a prefix */
    char bucket[256];
};

struct storage {
    const struct store_ops *ops;
    atomic_bool littered; /* a delivery that was freed may have left something */
};

struct object_reader {
    const struct reader_ops *ops;
    struct object_info info;
};

struct object_list {
    const struct list_ops *ops;
};

struct delivery {
    const struct store_ops *ops;
    struct announcer *announcer; /* or NULL */
};

struct object_writer {
    const struct store_ops *ops;
};

struct reader_ops {
    void (*close)(struct object_reader *reader);
    int (*read)(struct object_reader *reader, int64_t offset, void *buffer, size_t size,
                size_t *ret_size, struct error *err) MUST_CHECK;
    int (*etag)(struct object_reader *reader, struct error *err) MUST_CHECK; /* fills info.etag */
};

struct list_ops {
    int (*next)(struct object_list *list, const struct object_entry **ret,
                struct error *err) MUST_CHECK;
    void (*free)(struct object_list *list);
};

/* In the arena; NULL of NULL. */
static inline const char *copy_text(struct arena *arena, const char *s)
{
    return s ? arena_strdup(arena, s) : NULL;
}
struct object_headers object_headers_copy(struct arena *arena, const struct object_headers *from);

/* Tells the delivery's announcer, if it has one. */
int announce(const struct delivery *delivery, const char *const *uris, int count,
             struct error *err) MUST_CHECK;

/* An input that is no object of the store. */
int web_open(const char *url, struct cancel *cancel, struct object_reader **ret,
             struct error *err) MUST_CHECK;

struct store_ops {
    bool makes_buckets;
    void (*free)(struct storage *storage);
    int (*open)(struct storage *storage, const struct object_name *name, struct cancel *cancel,
                struct object_reader **ret, struct error *err) MUST_CHECK;

    /* The name's key is the prefix. */
    int (*list)(struct storage *storage, const struct object_name *name, struct cancel *cancel,
                struct object_list **ret, struct error *err) MUST_CHECK;

    int (*remove)(struct storage *storage, const struct object_name *name, int64_t since_us,
                  struct cancel *cancel, struct error *err) MUST_CHECK;
    void (*sweep)(struct storage *storage);
    int64_t (*retries)(const struct storage *storage); /* NULL: there are never any */

    int (*delivery_new)(struct storage *storage, struct cancel *cancel, struct delivery **ret,
                        struct error *err) MUST_CHECK;
    int (*delivery_scratch)(struct delivery *delivery, const char **ret_path,
                            struct error *err) MUST_CHECK;
    int (*delivery_commit)(struct delivery *delivery, struct error *err) MUST_CHECK;
    void (*delivery_free)(struct delivery *delivery);
    const char *(*delivery_warning)(struct delivery *delivery); /* NULL: there is never one */

    int (*create)(struct delivery *delivery, const struct object_name *name,
                  const struct object_headers *headers, struct object_writer **ret,
                  struct error *err) MUST_CHECK;
    int (*write)(struct object_writer *writer, const void *bytes, size_t size,
                 struct error *err) MUST_CHECK;
    int (*finish)(struct object_writer *writer, const void *head, size_t head_size,
                  struct error *err) MUST_CHECK;
    void (*writer_free)(struct object_writer *writer);
};

#endif
