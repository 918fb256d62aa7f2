/* SPDX-License-Identifier: Apache-2.0 */
/* A storage in a folder that goes with the test, and what one does with it. */
#ifndef UNIT_S3_PLACE_H
#define UNIT_S3_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "remove_folder.h"
#include "s3/storage.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* A storage in a folder of its own, which does not exist until something is written. */
struct place {
    char top[64], folder[80];
    struct storage *storage;
    struct cancel cancel;
    struct error err;
};

static inline int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    snprintf(p->top, sizeof(p->top), "%s/s3_local.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(p->top))
        return -1;
    snprintf(p->folder, sizeof(p->folder), "%s/buckets", p->top);
    *state = p;
    return storage_open_folder(&p->storage, p->folder, &p->err);
}

static inline int teardown(void **state)
{
    struct place *p = *state;
    storage_free(&p->storage);
    remove_folder(p->top);
    free(p);
    return 0;
}

static inline void ok(struct place *p, int r)
{
    char text[1024];
    if (r < 0)
        fail_msg("%s", error_text(&p->err, text, sizeof(text)));
}

static inline const char *in_folder(struct place *p, const char *path)
{
    static char full[4400];
    snprintf(full, sizeof(full), "%s/%s", p->folder, path);
    return full;
}

static inline bool exists(struct place *p, const char *path)
{
    struct stat st;
    return !lstat(in_folder(p, path), &st);
}

static inline struct delivery *begin(struct place *p)
{
    struct delivery *delivery = NULL;
    ok(p, delivery_new(p->storage, &p->cancel, &delivery, &p->err));
    return delivery;
}

static inline void add(struct place *p, struct delivery *delivery, const char *uri,
                       const char *content)
{
    ok(p, object_put(delivery, uri, NULL, content, strlen(content), &p->err));
}

static inline void put(struct place *p, const char *uri, const char *content)
{
    CLEANUP(delivery_free) struct delivery *delivery = begin(p);
    add(p, delivery, uri, content);
    ok(p, delivery_commit(delivery, &p->err));
}

static inline void expect(struct place *p, const char *uri, const char *content)
{
    CLEANUP(object_close) struct object_reader *reader = NULL;
    ok(p, storage_open(p->storage, uri, NULL, &reader, &p->err));
    char buffer[4096];
    size_t size = 0;
    ok(p, object_read(reader, 0, buffer, sizeof(buffer) - 1, &size, &p->err));
    buffer[size] = '\0';
    assert_string_equal(buffer, content);
    assert_int_equal(object_info(reader)->bytes, size);
}

static inline void expect_none(struct place *p, const char *uri)
{
    struct object_reader *reader = NULL;
    assert_int_equal(storage_open(p->storage, uri, NULL, &reader, &p->err), -1);
    assert_int_equal(p->err.kind, ERROR_NOT_FOUND);
    assert_null(reader);
}

#endif
