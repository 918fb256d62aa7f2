/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded frames → pictures at a constant frame rate, each geometry scaled once.
 *
 * Output frame n shows the source frame nearest to n / rate (DUPLICATE_DROP): a source frame has
 * the slots from the middle between it and the one before to the middle between it and the one
 * after, be they many or none. A frame is therefore held until the next one is known. Encodes of
 * one frame rate share a cadence; pictures are scaled when a cadence first needs them.
 */
#include <libavutil/pixdesc.h>

#include "plan/compat.h"
#include "plan/memory.h"
#include "run/filters.h"
#include "run/scaler.h"
#include "run/stage.h"

struct target {
    struct link link;
    int picture, cadence;
    const struct plan_capture *capture; /* NULL: an encode, which gets every frame */
    int64_t captures;                   /* the next one's number in the capture grid */
    int sent;
};

struct cadence {
    AVRational rate;
    int64_t next; /* slot to be sent */
};

struct picture {
    struct scaler **scalers; /* of plan->pictures */
    AVFrame **scaled;        /* of the frame in hand; NULL where nobody has needed it yet */
    AVFrame *hand;           /* the newest frame; its time is not over */
    struct cadence *cadences;
    int cadences_count;
    struct target *targets;
    int targets_count;
    struct filters *filters; /* NULL where the plan has none */
};

/* ---- wiring ---- */

int picture_init(struct stage *stage, struct error *err)
{
    struct picture *state = stage->state;
    const struct plan *plan = stage->run->plan;
    size_t pictures = (size_t)plan->pictures_count,
           targets = (size_t)(plan->videos_count + plan->outputs_count);
    state->scalers = av_calloc(pictures, sizeof(*state->scalers));
    state->scaled = av_calloc(pictures, sizeof(*state->scaled));
    state->cadences = av_calloc(targets, sizeof(*state->cadences));
    state->targets = av_calloc(targets, sizeof(*state->targets));
    if (!state->scalers || !state->scaled || !state->cadences || !state->targets)
        return error_set(err, ERROR_BUG, "out of memory");
    for (int i = 0; i < plan->pictures_count; i++)
        if (!(state->scalers[i] = scaler_new(plan, &plan->pictures[i])))
            return error_set(err, ERROR_BUG, "out of memory");
    if (plan->source.filters && filters_new(plan->source.filters, &state->filters, err) < 0)
        return -1;
    return 0;
}

static int cadence_of(struct picture *state, AVRational rate)
{
    for (int i = 0; i < state->cadences_count; i++)
        if (av_cmp_q(state->cadences[i].rate, rate) == 0)
            return i;
    state->cadences[state->cadences_count].rate = rate;
    return state->cadences_count++;
}

void picture_route(struct stage *stage, int video, int capture_output, struct stage *to)
{
    struct picture *state = stage->state;
    const struct plan *plan = stage->run->plan;
    struct target *target = &state->targets[state->targets_count++];
    *target = (struct target){.link = {to, 0}};
    if (video >= 0) {
        target->picture = plan->videos[video].picture;
        target->cadence = cadence_of(state, plan->videos[video].frame_rate);
    } else {
        target->capture = &plan->outputs[capture_output].capture;
        target->picture = target->capture->picture;
        target->cadence = cadence_of(state, target->capture->frame_rate);
    }
    stage_connect(stage, to, 0);
}

/* ---- one geometry of the frame in hand ---- */

static void forget_scaled(struct stage *stage)
{
    struct picture *state = stage->state;
    for (int i = 0; i < stage->run->plan->pictures_count; i++)
        av_frame_free(&state->scaled[i]);
}

static int scale(struct stage *stage, int index, const AVFrame **ret, struct error *err)
{
    struct picture *state = stage->state;
    const struct plan_picture *picture = &stage->run->plan->pictures[index];
    if (!state->scaled[index]) {
        const AVFrame *from = state->hand;
        if (picture->parent >= 0 && scale(stage, picture->parent, &from, err) < 0)
            return -1;
        if (scaler_scale(state->scalers[index], from, state->hand, &state->scaled[index], err) < 0)
            return -1;
    }
    *ret = state->scaled[index];
    return 0;
}

/* ---- the cadence ---- */

/* The slot of the k-th capture: the frame nearest to k · denominator/numerator seconds. */
static int64_t capture_slot(const struct target *target)
{
    const struct plan_capture *capture = target->capture;
    if (target->captures > INT64_MAX / capture->denominator)
        return INT64_MAX;
    return av_rescale_rnd(target->captures * capture->denominator, capture->frame_rate.num,
                          capture->numerator * capture->frame_rate.den, AV_ROUND_NEAR_INF);
}

static bool wants(struct target *target, int64_t slot)
{
    if (!target->capture)
        return true;
    if (target->sent >= target->capture->max_captures || slot != capture_slot(target))
        return false;
    target->sent++;
    do /* captures closer than frames: one frame serves only one */
        target->captures++;
    while (capture_slot(target) <= slot);
    return true;
}

static int send(struct target *target, const AVFrame *picture, int64_t slot, AVRational rate,
                struct error *err)
{
    CLEANUP(av_frame_free) AVFrame *frame = av_frame_clone(picture);
    if (!frame)
        return error_set(err, ERROR_BUG, "out of memory");
    frame->pts = slot;
    frame->pict_type = AV_PICTURE_TYPE_NONE;
    return link_send_frame(&target->link, frame, av_rescale_q(slot, av_inv_q(rate), AV_TIME_BASE_Q),
                           err);
}

/* Sends the frame in hand (or black) for every slot before `end`. */
static int emit(struct stage *stage, int cadence_index, int64_t end, bool black, struct error *err)
{
    struct picture *state = stage->state;
    struct cadence *cadence = &state->cadences[cadence_index];
    for (; cadence->next < end; cadence->next++) {
        for (int i = 0; i < state->targets_count; i++) {
            struct target *target = &state->targets[i];
            if (target->cadence != cadence_index || !wants(target, cadence->next))
                continue;
            CLEANUP(av_frame_free) AVFrame *black_picture = NULL;
            const AVFrame *picture = NULL;
            if (black && scaler_black(state->scalers[target->picture], &black_picture, err) < 0)
                return -1;
            if (black)
                picture = black_picture;
            else if (scale(stage, target->picture, &picture, err) < 0)
                return -1;
            if (send(target, picture, cadence->next, cadence->rate, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int64_t slot_at(const struct cadence *cadence, int64_t time_us, enum AVRounding rounding)
{
    int64_t slot =
        av_rescale_rnd(time_us, cadence->rate.num, 1000000LL * cadence->rate.den, rounding);
    return slot > 0 ? slot : 0;
}

static int64_t middle(int64_t a, int64_t b)
{
    return a + (b - a) / 2;
}

static int take_frame(struct stage *stage, AVFrame *frame, struct error *err)
{
    struct picture *state = stage->state;
    bool black = stage->run->plan->source.pad_with_black;
    for (int i = 0; i < state->cadences_count; i++) {
        struct cadence *cadence = &state->cadences[i];
        int r = 0;
        if (state->hand) /* a slot right in the middle is the new frame's */
            r = emit(stage, i, slot_at(cadence, middle(state->hand->pts, frame->pts), AV_ROUND_UP),
                     false, err);
        else if (black) /* else the first frame is held from time zero on */
            r = emit(stage, i, slot_at(cadence, frame->pts, AV_ROUND_NEAR_INF), true, err);
        if (r < 0)
            return -1;
    }
    atomic_store(&stage->run->media_us, frame->pts > 0 ? frame->pts : 0);
    if (state->hand)
        av_frame_unref(state->hand);
    else if (!(state->hand = av_frame_alloc()))
        return error_set(err, ERROR_BUG, "out of memory");
    av_frame_move_ref(state->hand, frame);
    forget_scaled(stage);
    return 0;
}

/* The stream has no picture until this time: the one in hand stays, and is sent on meanwhile, so
 * that nobody who waits for video has to hold what goes with it. */
static int take_time(struct stage *stage, int64_t time_us, struct error *err)
{
    struct picture *state = stage->state;
    for (int i = 0; state->hand && i < state->cadences_count; i++)
        if (emit(stage, i,
                 slot_at(&state->cadences[i], middle(state->hand->pts, time_us), AV_ROUND_UP),
                 false, err) < 0)
            return -1;
    return 0;
}

static int picture_process(struct stage *stage, struct item *item, struct error *err)
{
    struct picture *state = stage->state;
    if (!item->frame)
        return take_time(stage, item->time_us, err);
    if (state->filters)
        return filters_send(state->filters, item->frame, take_frame, stage, err);
    return take_frame(stage, item->frame, err);
}

/* The last frame lasts as long as it says, within what the stream as a whole says. */
static int64_t end_of_video(const struct stage *stage)
{
    struct picture *state = stage->state;
    const struct plan_source *source = &stage->run->plan->source;
    int64_t start = state->hand->pts > 0 ? state->hand->pts : 0;
    int64_t frame_us = av_rescale_q(1, av_inv_q(source->frame_rate), AV_TIME_BASE_Q);
    int64_t lasts = *compat_frame_duration(state->hand);
    if (lasts < frame_us || start + lasts > source->duration_us)
        lasts = frame_us;
    return start + lasts;
}

static int picture_flush(struct stage *stage, struct error *err)
{
    struct picture *state = stage->state;
    const struct plan_source *source = &stage->run->plan->source;
    if (state->filters && filters_send(state->filters, NULL, take_frame, stage, err) < 0)
        return -1;
    if (!state->hand)
        return error_set(err, ERROR_DEMUXER, "No video frames decoded");

    int64_t end_us = end_of_video(stage), video_end_us = 0;
    for (int i = 0; i < state->cadences_count; i++) {
        struct cadence *cadence = &state->cadences[i];
        int64_t end = slot_at(cadence, end_us, AV_ROUND_NEAR_INF);
        int64_t own = slot_at(cadence, state->hand->pts, AV_ROUND_NEAR_INF);
        if (emit(stage, i, end > own ? end : own + 1, false, err) < 0)
            return -1;
        if (source->pad_with_black &&
            emit(stage, i,
                 slot_at(cadence, atomic_load(&stage->run->audio_end_us), AV_ROUND_NEAR_INF), true,
                 err) < 0)
            return -1;
        int64_t cadence_end = av_rescale_q(cadence->next, av_inv_q(cadence->rate), AV_TIME_BASE_Q);
        video_end_us = cadence_end > video_end_us ? cadence_end : video_end_us;
    }
    run_set_video_end(stage->run, video_end_us);
    return 0;
}

static void picture_release(struct stage *stage)
{
    struct picture *state = stage->state;
    const struct plan *plan = stage->run->plan;
    for (int i = 0; i < plan->pictures_count; i++) {
        if (state->scalers)
            scaler_free(&state->scalers[i]);
        if (state->scaled)
            av_frame_free(&state->scaled[i]);
    }
    filters_free(&state->filters);
    av_frame_free(&state->hand);
    av_freep(&state->scalers);
    av_freep(&state->scaled);
    av_freep(&state->cadences);
    av_freep(&state->targets);
}

const struct stage_kind picture_stage = {
    .name = "picture",
    .state_size = sizeof(struct picture),
    .process = picture_process,
    .flush = picture_flush,
    .release = picture_release,
};
