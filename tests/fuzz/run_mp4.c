/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the moov that a muxer wrote. What comes out is as large whatever the offsets are
 * shifted by, and its boxes are whole: it can be edited again. */
#include <stddef.h>
#include <stdint.h>

#include "run/mp4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(text_release) struct text once = {0}, far = {0}, twice = {0};
    struct error err;
    if (!size)
        return 0;
    struct mp4_edit edit = {.co64 = data[0] & 1, .cslg = data[0] & 2, .ctts_version = data[0] >> 7};
    if (mp4_edit_moov(data + 1, size - 1, &edit, &once, &err) < 0)
        return 0;
    edit.shift = INT64_C(1) << 40;
    if (mp4_edit_moov(data + 1, size - 1, &edit, &far, &err) < 0 || far.size != once.size)
        abort();
    if (mp4_edit_moov((const uint8_t *)once.data, once.size, &edit, &twice, &err) < 0)
        abort();
    return 0;
}
