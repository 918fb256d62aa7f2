/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a manifest's CSV: in pieces they say what they say at once, and every entry that
 * comes out is one. The first byte says how they are cut and whether there are versions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "batch/rows.h"

struct writer {
    struct entry_sink sink;
    struct text text;
    int64_t entries;
};

static int take(struct entry_sink *sink, const struct batch_entry *entry, struct error *err)
{
    struct writer *writer = (struct writer *)sink;
    (void)err;
    if (!*entry->bucket || strlen(entry->bucket) > ENTRY_BUCKET_MAX || !*entry->key ||
        strlen(entry->key) > ENTRY_FIELD_MAX)
        abort();
    text_add(&writer->text, "%s|%s|%s\n", entry->bucket, entry->key,
             entry->version ? entry->version : "");
    writer->entries++;
    return 0;
}

static int read_rows(const uint8_t *data, size_t size, size_t piece, bool versions,
                     struct writer *writer, struct error *err)
{
    struct rows_columns columns = {versions ? 3 : 2, 0, 1, versions ? 2 : -1};
    CLEANUP(rows_free) struct rows *rows = NULL;
    if (rows_new(&rows, &columns, "f", "", &writer->sink, err) < 0)
        abort();
    for (size_t i = 0; i < size; i += piece)
        if (rows_push(rows, data + i, size - i < piece ? size - i : piece, err) < 0)
            return -1;
    int64_t entries;
    if (rows_end(rows, &entries, err) < 0)
        return -1;
    if (entries != writer->entries)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct writer whole = {.sink = {take}}, pieces = {.sink = {take}};
    struct error err = {0}, other = {0};
    bool versions = data[0] & 1;
    size_t piece = (size_t)(data[0] >> 1) + 1;
    int a = read_rows(data + 1, size - 1, size, versions, &whole, &err);
    int b = read_rows(data + 1, size - 1, piece, versions, &pieces, &other);
    if (a != b || (a < 0 && err.kind != ERROR_INPUT))
        abort();
    if (a == 0 && whole.entries &&
        (whole.text.size != pieces.text.size ||
         memcmp(whole.text.data, pieces.text.data, whole.text.size) != 0))
        abort();
    text_release(&whole.text);
    text_release(&pieces.text);
    return 0;
}
