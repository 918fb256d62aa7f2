/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of a log, and, behind a NUL, as a filter pattern. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "function/log_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(free_pointer) char *text = malloc(size + 1);
    struct log_event event;
    struct error err;
    memcpy(text, data, size);
    text[size] = '\0';
    const char *nul = memchr(text, '\0', size), *pattern = nul ? nul + 1 : "";
    size_t end = nul ? (size_t)(nul - text) : size;
    bool valid = log_pattern_check(pattern, &err) == 0;
    for (size_t at = 0; log_file_event(text, end, at, &event); at = (size_t)event.position) {
        if (event.position <= (int64_t)at || (size_t)event.position > end ||
            event.message + event.size >= text + end)
            abort();
        if (log_pattern_matches(pattern, event.message, event.size) && !valid)
            abort();
    }
    return 0;
}
