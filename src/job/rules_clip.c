/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the clips that are cut from an input, by their timecodes. */
#include <string.h>

#include "job/rules.h"

/* HH:MM:SS:FF or HH:MM:SS;FF as one number that grows with time; -1: none. */
static int64_t timecode(const char *text)
{
    int64_t value = 0;
    if (!text || strlen(text) < strlen("00:00:00:00"))
        return -1;
    for (int i = 0; i < 4; i++)
        value = value * 100 + (text[3 * i] - '0') * 10 + text[3 * i + 1] - '0';
    return value;
}

void rule_clip_bounds(const struct scope *scope)
{
    for (struct input_clipping **c = scope->input->InputClippings; *c; c++) {
        int64_t start = timecode((*c)->StartTimecode), end = timecode((*c)->EndTimecode);
        if (!(*c)->has_StartTimecode && !(*c)->has_EndTimecode)
            refuse(scope, &(*c)->place, NULL, "Should have a startTimecode or an endTimecode");
        else if (start >= 0 && end >= 0 && end < start)
            refuse(scope, &(*c)->place, "EndTimecode", "Should not be before the startTimecode, %s",
                   (*c)->StartTimecode);
    }
}

void rule_clip_order(const struct scope *scope)
{
    struct input_clipping **clips = scope->input->InputClippings;
    for (int i = 1; clips[0] && clips[i]; i++) {
        const struct input_clipping *before = clips[i - 1], *clip = clips[i];
        int64_t end = timecode(before->EndTimecode), start = timecode(clip->StartTimecode);
        if (!before->has_EndTimecode || !clip->has_StartTimecode)
            refuse(scope, &clip->place, NULL,
                   "Overlaps inputClippings/%d: clips follow one another in time", i - 1);
        else if (end >= 0 && start >= 0 && start <= end)
            refuse(scope, &clip->place, "StartTimecode",
                   "Should be after %s, where inputClippings/%d ends", before->EndTimecode, i - 1);
    }
}
