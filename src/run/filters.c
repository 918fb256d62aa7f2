/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph is made for the frames' size and format, and anew when these change.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/avstring.h>
#include <libavutil/mem.h>

#include "plan/memory.h"
#include "run/filters.h"

#define LIBRARY "libavfilter.so." AV_STRINGIFY(LIBAVFILTER_VERSION_MAJOR)

/* What is called of it. */
#define FUNCTIONS(X)                                                                               \
    X(avfilter_get_by_name)                                                                        \
    X(avfilter_graph_alloc)                                                                        \
    X(avfilter_graph_config)                                                                       \
    X(avfilter_graph_create_filter)                                                                \
    X(avfilter_graph_free)                                                                         \
    X(avfilter_graph_parse_ptr)                                                                    \
    X(avfilter_inout_alloc)                                                                        \
    X(avfilter_inout_free)                                                                         \
    X(av_buffersink_get_frame)                                                                     \
    X(av_buffersrc_add_frame)

struct library {
#define MEMBER(name) __typeof__(name) *name;
    FUNCTIONS(MEMBER)
#undef MEMBER
};

struct filters {
    const char *chain;
    struct library library;
    AVFilterGraph *graph; /* NULL: no frame has come yet */
    AVFilterContext *in, *out;
    AVFrame *filtered;
    int width, height, format; /* that the graph takes */
};

/* It stays open until the process ends: not all that it brings can be unloaded. */
static int open_library(struct library *library, const char *chain, struct error *err)
{
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    bool found = handle;
#define FIND(name) found = found && (library->name = dlsym(handle, #name));
    FUNCTIONS(FIND)
#undef FIND
    if (!found)
        return error_set(err, ERROR_UNKNOWN, "the filters '%s' need FFmpeg's libavfilter: %s",
                         chain, dlerror());
    return 0;
}

static void close_graph(struct filters *filters)
{
    if (filters->graph)
        filters->library.avfilter_graph_free(&filters->graph);
}

static int open_graph(struct filters *filters, const AVFrame *frame, struct error *err)
{
    const struct library *lib = &filters->library;
    AVFilterInOut *inputs = lib->avfilter_inout_alloc(), *outputs = lib->avfilter_inout_alloc();
    filters->graph = lib->avfilter_graph_alloc();
    char arguments[256];
    AVRational sar = frame->sample_aspect_ratio;
    snprintf(arguments, sizeof(arguments),
             "video_size=%dx%d:pix_fmt=%d:time_base=1/1000000:pixel_aspect=%d/%d", frame->width,
             frame->height, frame->format, sar.num > 0 ? sar.num : 0, sar.den > 0 ? sar.den : 1);
    int r = AVERROR(ENOMEM);
    if (!inputs || !outputs || !filters->graph)
        goto end;
    filters->graph->nb_threads = 1;
    if ((r = lib->avfilter_graph_create_filter(&filters->in, lib->avfilter_get_by_name("buffer"),
                                               "in", arguments, NULL, filters->graph)) < 0 ||
        (r = lib->avfilter_graph_create_filter(&filters->out,
                                               lib->avfilter_get_by_name("buffersink"), "out", NULL,
                                               NULL, filters->graph)) < 0)
        goto end;
    r = AVERROR(ENOMEM);
    if (!(outputs->name = av_strdup("in")) || !(inputs->name = av_strdup("out")))
        goto end;
    outputs->filter_ctx = filters->in;
    inputs->filter_ctx = filters->out;
    if ((r = lib->avfilter_graph_parse_ptr(filters->graph, filters->chain, &inputs, &outputs,
                                           NULL)) >= 0)
        r = lib->avfilter_graph_config(filters->graph, NULL);
    filters->width = frame->width;
    filters->height = frame->height;
    filters->format = frame->format;
end:
    lib->avfilter_inout_free(&inputs);
    lib->avfilter_inout_free(&outputs);
    if (r < 0)
        return error_set(err, memory_kind(r, ERROR_SETTINGS), "cannot set up filters '%s': %s",
                         filters->chain, av_err2str(r));
    return 0;
}

int filters_new(const char *chain, struct filters **ret, struct error *err)
{
    CLEANUP(filters_free) struct filters *filters = av_mallocz(sizeof(*filters));
    if (!filters || !(filters->filtered = av_frame_alloc()))
        return error_set(err, ERROR_BUG, "out of memory");
    filters->chain = chain;
    if (open_library(&filters->library, chain, err) < 0)
        return -1;
    *ret = TAKE(filters);
    return 0;
}

void filters_free(struct filters **filters)
{
    if (!*filters)
        return;
    close_graph(*filters);
    av_frame_free(&(*filters)->filtered);
    av_freep(filters);
}

static int drain(struct filters *filters,
                 int (*take)(struct stage *stage, AVFrame *frame, struct error *err),
                 struct stage *stage, struct error *err)
{
    for (;;) {
        int r = filters->library.av_buffersink_get_frame(filters->out, filters->filtered);
        if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
            return 0;
        if (r < 0)
            return error_set(err, ERROR_BUG, "filters failed: %s", av_err2str(r));
        if (take(stage, filters->filtered, err) < 0)
            return -1;
    }
}

int filters_send(struct filters *filters, AVFrame *frame,
                 int (*take)(struct stage *stage, AVFrame *frame, struct error *err),
                 struct stage *stage, struct error *err)
{
    if (filters->graph && (!frame || frame->width != filters->width ||
                           frame->height != filters->height || frame->format != filters->format)) {
        (void)!filters->library.av_buffersrc_add_frame(filters->in, NULL);
        if (drain(filters, take, stage, err) < 0)
            return -1;
        close_graph(filters);
    }
    if (!frame)
        return 0;
    if (!filters->graph && open_graph(filters, frame, err) < 0)
        return -1;
    int r = filters->library.av_buffersrc_add_frame(filters->in, frame);
    if (r < 0)
        return error_set(err, ERROR_BUG, "filters failed: %s", av_err2str(r));
    return drain(filters, take, stage, err);
}
