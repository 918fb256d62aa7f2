/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a manifest: an object that the handler is invoked for. */
#ifndef BATCH_ENTRY_H
#define BATCH_ENTRY_H

#include "base/error.h"

enum {
    ENTRY_KEY_MAX_CHARACTERS = 1024,
    ENTRY_FIELD_MAX = 4096, /* bytes of a key or version */
    ENTRY_BUCKET_MAX = 255,
};

/* Strings as the manifest has them: keys are URL-encoded, and stay so. */
struct batch_entry {
    const char *bucket, *key;
    const char *version; /* NULL: the manifest has no versions; "": it has, but not for this one */
};

/* Who takes entries, one after the other. -1: no more. */
struct entry_sink {
    int (*take)(struct entry_sink *sink, const struct batch_entry *entry,
                struct error *err) MUST_CHECK;
};

#endif
