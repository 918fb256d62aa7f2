/* SPDX-License-Identifier: Apache-2.0 */
#include "job/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { CHUNK_BYTES = 64 * 1024 };

static void close_file(FILE **file)
{
    if (*file && *file != stdin)
        fclose(*file);
}

const char *job_file_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

int job_file_read(struct arena *arena, const char *path, const char **ret_text, size_t *ret_size,
                  struct error *err)
{
    CLEANUP(close_file) FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (!file)
        return error_set(err, ERROR_BAD_REQUEST, "cannot open '%s': %s", path, strerror(errno));

    CLEANUP(text_release) struct text text = {0};
    char chunk[CHUNK_BYTES];
    size_t got;
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0) {
        text_append(&text, chunk, got);
        if (text.size > JSON_MAX_BYTES)
            return error_set(err, ERROR_BAD_REQUEST, "'%s' is no job: it has more than %d MiB",
                             job_file_name(path), JSON_MAX_BYTES / 1024 / 1024);
    }
    if (ferror(file))
        return error_set(err, ERROR_BAD_REQUEST, "cannot read '%s': %s", job_file_name(path),
                         strerror(errno));

    *ret_text = arena_strndup(arena, text.data ? text.data : "", text.size);
    *ret_size = text.size;
    return 0;
}
