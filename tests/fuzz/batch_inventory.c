/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an inventory: its manifest.json, and a gzipped data file of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "batch/manifest_inventory.h"

static int take(struct entry_sink *sink, const struct batch_entry *entry, struct error *err)
{
    (void)sink, (void)err;
    if (!*entry->key || strcmp(entry->bucket, "in") != 0)
        abort();
    return 0;
}

static void parse(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new();
    struct inventory inventory;
    struct error err;
    if (inventory_parse(arena, "manifest.json", (const char *)data, size, &inventory, &err) < 0) {
        if (err.kind != ERROR_INPUT)
            abort();
        return;
    }
    for (int i = 0; i < inventory.files_count; i++)
        if (strncmp(inventory.files[i].uri, "s3://", 5) != 0 || inventory.files[i].bytes < 0 ||
            strlen(inventory.files[i].md5) != 32)
            abort();
    if (inventory.columns.key >= inventory.columns.count)
        abort();
}

static void unzip(const uint8_t *data, size_t size)
{
    enum { PIECE = 7 };
    static const struct rows_columns columns = {2, 0, 1, -1};
    struct entry_sink sink = {take};
    struct error err;
    CLEANUP(rows_free) struct rows *rows = NULL;
    CLEANUP(gunzip_free) struct gunzip *gunzip = NULL;
    if (rows_new(&rows, &columns, "f", "in", &sink, &err) < 0 ||
        gunzip_new(&gunzip, rows, "f", &err) < 0)
        abort();
    int r = 0;
    for (size_t i = 0; r == 0 && i < size; i += PIECE)
        r = gunzip_push(gunzip, data + i, size - i < PIECE ? size - i : PIECE, &err);
    int64_t entries;
    if (r == 0 && gunzip_end(gunzip, &err) == 0)
        r = rows_end(rows, &entries, &err);
    if (r < 0 && err.kind != ERROR_INPUT)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse(data, size);
    unzip(data, size);
    return 0;
}
