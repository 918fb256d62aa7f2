/* SPDX-License-Identifier: Apache-2.0 */
#include "run/segment.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "run/mux.h"

struct segmenter {
    struct run *run;
    const struct plan_output *output;
    const struct plan_hls *hls;
    int index; /* of the output */
    struct rendition *list;
    int64_t start_us;
    struct text bytes; /* of the segment that is being made */
    struct text held;  /* the one before, where a short last one may have to join it */
    int64_t held_start_us, held_end_us;
    struct object_writer *single; /* SINGLE_FILE */
    const char *single_path;      /* relative to the playlist */
    const char *single_object;
    int64_t single_bytes, single_segment_at;
};

static const struct plan_rendition *rendition_of(const struct segmenter *segmenter)
{
    return &segmenter->output->rendition;
}

static int open_single(struct segmenter *segmenter, struct error *err)
{
    const struct plan_rendition *rendition = rendition_of(segmenter);
    struct run *run = segmenter->run;
    const char *modifier = plan_segment_modifier(run->arena, rendition, clock_wall_us());
    const char *name = arena_printf(run->arena, "%s%s%s%s", rendition->subdirectory,
                                    rendition->segment_name, modifier, rendition->segment_suffix);
    segmenter->single_object = arena_printf(run->arena, "%s%s", rendition->segment_prefix, name);
    segmenter->single_path = name;
    struct object_headers headers =
        run_headers(run, segmenter->output->group, segmenter->output->content_type);
    return object_create(run->delivery, segmenter->single_object, &headers, &segmenter->single,
                         err);
}

int segmenter_new(struct segmenter **ret, struct stage *stage, struct error *err)
{
    CLEANUP(segmenter_free) struct segmenter *segmenter = av_mallocz(sizeof(*segmenter));
    if (!segmenter)
        return error_set(err, ERROR_BUG, "out of memory");
    const struct mux *mux = mux_of(stage);
    segmenter->run = stage->run;
    segmenter->output = mux->output;
    segmenter->hls = &stage->run->plan->groups[mux->output->group].hls;
    segmenter->index = mux->index;
    segmenter->list = &stage->run->renditions[mux->index];
    if (segmenter->hls->single_file && open_single(segmenter, err) < 0)
        return -1;
    *ret = TAKE(segmenter);
    return 0;
}

int segmenter_write(struct segmenter *segmenter, const void *bytes, size_t size, struct error *err)
{
    if (segmenter->single) {
        segmenter->single_bytes += (int64_t)size;
        return object_write(segmenter->single, bytes, size, err);
    }
    text_append(&segmenter->bytes, bytes, size);
    return 0;
}

bool segmenter_is_empty(const struct segmenter *segmenter)
{
    return segmenter->single ? segmenter->single_bytes == segmenter->single_segment_at
                             : segmenter->bytes.size == 0;
}

static int list_segment(struct segmenter *segmenter, const struct segment *segment,
                        struct error *err)
{
    struct rendition *list = segmenter->list;
    if (list->count == list->capacity) {
        int capacity = list->capacity ? list->capacity * 2 : 64;
        struct segment *more = av_realloc_array(list->segments, (size_t)capacity, sizeof(*more));
        if (!more)
            return error_set(err, ERROR_BUG, "out of memory");
        list->segments = more;
        list->capacity = capacity;
    }
    list->segments[list->count++] = *segment;
    list->bytes += segment->bytes;
    return 0;
}

/* "ASSET_360/00001/" where segments go into subdirectories of a fixed number of segments. */
static const char *directory_of(const struct segmenter *segmenter, struct arena *arena, int number)
{
    int per = segmenter->hls->segments_per_subdirectory;
    const char *directory = rendition_of(segmenter)->subdirectory;
    return per && *directory ? arena_printf(arena, "%s%05d/", directory, (number - 1) / per + 1)
                             : directory;
}

static int put_segment(struct segmenter *segmenter, const struct text *bytes, int64_t start_us,
                       int64_t end_us, struct error *err)
{
    const struct plan_rendition *rendition = rendition_of(segmenter);
    CLEANUP(arena_free) struct arena *arena = arena_new();
    int number = segmenter->list->count + 1;
    const char *modifier = plan_segment_modifier(arena, rendition, clock_wall_us());
    const char *name =
        arena_printf(arena, "%s%s%s_%05d%s", directory_of(segmenter, arena, number),
                     rendition->segment_name, modifier, number, rendition->segment_suffix);
    const char *object = arena_printf(arena, "%s%s", rendition->segment_prefix, name);
    if (run_put(segmenter->run, segmenter->index, "segment", object,
                segmenter->output->content_type, NULL, bytes->data, bytes->size, end_us - start_us,
                err) < 0)
        return -1;
    struct segment segment = {
        .path = run_strdup(segmenter->run, name),
        .duration_us = end_us - start_us,
        .bytes = (int64_t)bytes->size,
        .start_us = start_us,
    };
    return list_segment(segmenter, &segment, err);
}

static int put_held(struct segmenter *segmenter, struct error *err)
{
    if (!segmenter->held.size)
        return 0;
    int r = put_segment(segmenter, &segmenter->held, segmenter->held_start_us,
                        segmenter->held_end_us, err);
    segmenter->held.size = 0;
    return r;
}

static int end_range(struct segmenter *segmenter, int64_t time_us, struct error *err)
{
    struct segment segment = {
        .path = segmenter->single_path,
        .duration_us = time_us - segmenter->start_us,
        .bytes = segmenter->single_bytes - segmenter->single_segment_at,
        .offset = segmenter->single_segment_at,
        .start_us = segmenter->start_us,
    };
    segmenter->single_segment_at = segmenter->single_bytes;
    segmenter->start_us = time_us;
    return list_segment(segmenter, &segment, err);
}

int segmenter_cut(struct segmenter *segmenter, int64_t time_us, struct error *err)
{
    if (segmenter->single)
        return end_range(segmenter, time_us, err);

    if (segmenter->hls->min_final_us) {
        if (put_held(segmenter, err) < 0)
            return -1;
        struct text swap = segmenter->held;
        segmenter->held = segmenter->bytes;
        segmenter->bytes = swap;
        segmenter->held_start_us = segmenter->start_us;
        segmenter->held_end_us = time_us;
    } else if (put_segment(segmenter, &segmenter->bytes, segmenter->start_us, time_us, err) < 0) {
        return -1;
    }
    segmenter->bytes.size = 0;
    segmenter->start_us = time_us;
    return 0;
}

int segmenter_finish(struct segmenter *segmenter, int64_t time_us, struct error *err)
{
    if (segmenter->single) {
        if (!segmenter_is_empty(segmenter) && end_range(segmenter, time_us, err) < 0)
            return -1;
        run_add_object(segmenter->run, segmenter->index, "segments", segmenter->single_object,
                       segmenter->single_bytes, time_us);
        int r = object_finish(segmenter->single, NULL, 0, err);
        object_writer_free(&segmenter->single);
        return r;
    }
    if (segmenter->held.size && time_us - segmenter->start_us < segmenter->hls->min_final_us) {
        text_append(&segmenter->held, segmenter->bytes.data, segmenter->bytes.size);
        segmenter->held_end_us = time_us;
        return put_held(segmenter, err);
    }
    if (put_held(segmenter, err) < 0)
        return -1;
    return segmenter->bytes.size
               ? put_segment(segmenter, &segmenter->bytes, segmenter->start_us, time_us, err)
               : 0;
}

void segmenter_free(struct segmenter **segmenter)
{
    if (!*segmenter)
        return;
    object_writer_free(&(*segmenter)->single);
    text_release(&(*segmenter)->bytes);
    text_release(&(*segmenter)->held);
    av_freep(segmenter);
}
