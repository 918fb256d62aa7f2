/* SPDX-License-Identifier: Apache-2.0 */
/* A bucket's objects, page after page (ListObjectsV2). */
#include <stdlib.h>
#include <string.h>

#include "s3/s3.h"

struct s3_listing {
    struct object_list base;
    struct arena *names; /* bucket and prefix */
    struct s3_bucket bucket;
    const char *prefix;

    struct arena *page;                /* what follows is in it; NULL before the first */
    const struct object_listing *next; /* the object whose turn is next */
    const char *token;                 /* of the page behind it; NULL: there is none */
    struct object_entry entry;
};

static struct s3_listing *s3_listing(struct object_list *list)
{
    return (struct s3_listing *)list;
}

static int next_page(struct s3_listing *listing, struct error *err)
{
    CLEANUP(arena_free) struct arena *page = arena_new();
    struct object_listing *first;
    const char *token;
    if (s3_bucket_list(&listing->bucket, page, listing->prefix, listing->token, &first, &token,
                       err) < 0)
        return -1;
    if (token && listing->token && !strcmp(token, listing->token))
        return error_set(err, ERROR_HTTP_UNKNOWN,
                         "cannot list 's3://%s': the server gives the same page again",
                         listing->bucket.name);
    arena_free(&listing->page);
    listing->page = TAKE(page);
    listing->next = first;
    listing->token = token;
    return 0;
}

static int s3_list_next(struct object_list *base, const struct object_entry **ret,
                        struct error *err)
{
    struct s3_listing *listing = s3_listing(base);
    while (!listing->next && listing->token)
        if (next_page(listing, err) < 0)
            return -1;
    const struct object_listing *object = listing->next;
    *ret = object ? &listing->entry : NULL;
    if (!object)
        return 0;
    listing->entry = (struct object_entry){
        .key = object->key,
        .bytes = object->bytes,
        .modified_us = object->modified_us,
        .etag = object->etag,
        .storage_class = *object->storage_class ? object->storage_class : "STANDARD",
    };
    listing->next = object->next;
    return 0;
}

static void s3_list_free(struct object_list *base)
{
    struct s3_listing *listing = s3_listing(base);
    arena_free(&listing->page);
    arena_free(&listing->names);
    free(listing);
}

static const struct list_ops s3_list_ops = {
    .next = s3_list_next,
    .free = s3_list_free,
};

int s3_list(struct storage *storage, const struct object_name *name, struct cancel *cancel,
            struct object_list **ret, struct error *err)
{
    struct s3_listing *listing = calloc(1, sizeof(*listing));
    if (!listing)
        return error_set(err, ERROR_BUG, "out of memory");
    CLEANUP(object_list_free) struct object_list *list = &listing->base;
    listing->base.ops = &s3_list_ops;
    listing->names = arena_new();
    listing->bucket = (struct s3_bucket){
        .client = ((struct s3 *)storage)->client,
        .name = arena_strdup(listing->names, name->bucket),
        .cancel = cancel,
    };
    listing->prefix = arena_strdup(listing->names, name->key);
    if (next_page(listing, err) < 0)
        return -1;
    *ret = TAKE(list);
    return 0;
}
