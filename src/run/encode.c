/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures → H.264 packets by libx264, with an IDR at every multiple of the GOP and nowhere else.
 */
#include <string.h>

#include <libavutil/opt.h>

#include "plan/memory.h"
#include "run/quality.h"
#include "run/stage.h"

struct encode {
    const struct plan_video *video;
    AVCodecContext *codec;
    AVPacket *packet;
    struct quality quality;
    struct run_quality *attained; /* where to put it in the end */
};

/* Two-pass statistics of encoder `video`; x264 knows only files. */
static int set_pass(struct stage *stage, int video, AVDictionary **options, struct error *err)
{
    struct encode *encode = stage->state;
    const struct run_options *run_options = &stage->run->options;
    if (encode->video->passes < 2)
        return 0;
    char path[4096];
    int length =
        snprintf(path, sizeof(path), "%s/video-%d.stats", run_options->stats_folder, video);
    if (length >= (int)sizeof(path))
        return error_set(err, ERROR_BUG, "path too long");
    encode->codec->flags |= run_options->pass == 1 ? AV_CODEC_FLAG_PASS1 : AV_CODEC_FLAG_PASS2;
    av_dict_set(options, "stats", path, 0);
    return 0;
}

static void set_format(struct stage *stage)
{
    struct encode *encode = stage->state;
    const struct plan_video *video = encode->video;
    const struct plan_picture *picture = &stage->run->plan->pictures[video->picture];
    const struct plan_colour *colour = &stage->run->plan->source.colour;
    AVCodecContext *codec = encode->codec;
    codec->width = picture->width;
    codec->height = picture->height;
    codec->pix_fmt = picture->format;
    codec->sample_aspect_ratio = picture->sar;
    codec->framerate = video->frame_rate;
    codec->time_base = av_inv_q(video->frame_rate);
    codec->thread_count = video->threads;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP;
    if (video->write_colour) {
        codec->color_range = colour->range;
        codec->color_primaries = colour->primaries;
        codec->color_trc = colour->transfer;
        codec->colorspace = colour->matrix;
    }
}

/* "avc1.4d401f": the three bytes after the SPS's first in the encoder's header (RFC 6381). */
static const char *codec_string(struct arena *arena, const AVCodecContext *codec)
{
    const uint8_t *data = codec->extradata;
    for (int i = 0; i + 7 <= codec->extradata_size; i++)
        if (!data[i] && !data[i + 1] && data[i + 2] == 1 && (data[i + 3] & 0x1f) == 7)
            return arena_printf(arena, "avc1.%02x%02x%02x", data[i + 4], data[i + 5], data[i + 6]);
    return "avc1";
}

/* libx264 wants memory for several pictures at a time; where it gets none it only fails. */
static int reason_of(const struct encode *encode, int r)
{
    return memory_reason(r, MEMORY_OF_THREAD +
                                (size_t)encode->codec->width * encode->codec->height * 8);
}

static int fail(const struct encode *encode, int r, struct error *err)
{
    return error_set(err, ERROR_UNKNOWN, "libx264 failed: %s", av_err2str(reason_of(encode, r)));
}

int encode_init(struct stage *stage, int video, struct error *err)
{
    struct encode *encode = stage->state;
    encode->video = &stage->run->plan->videos[video];
    encode->attained = &stage->run->result.qualities[video];
    quality_init(&encode->quality, stage->run->plan, encode->video);
    const AVCodec *x264 = avcodec_find_encoder_by_name("libx264");
    if (!x264)
        return error_set(err, ERROR_UNKNOWN, "this FFmpeg has no encoder 'libx264'");
    encode->codec = avcodec_alloc_context3(x264);
    encode->packet = av_packet_alloc();
    if (!encode->codec || !encode->packet)
        return error_set(err, ERROR_BUG, "out of memory");
    set_format(stage);

    CLEANUP(av_dict_free) AVDictionary *options = NULL;
    for (int i = 0; i < encode->video->options_count; i++)
        av_dict_set(&options, encode->video->options[i].name, encode->video->options[i].value, 0);
    if (set_pass(stage, video, &options, err) < 0)
        return -1;
    int r = reason_of(encode, avcodec_open2(encode->codec, x264, &options));
    if (r < 0)
        return error_set(err, memory_kind(r, ERROR_SETTINGS),
                         "Error initializing encoder for video target [%d] [%s]", video + 1,
                         av_err2str(r));
    const AVDictionaryEntry *left = av_dict_get(options, "", NULL, AV_DICT_IGNORE_SUFFIX);
    if (left)
        return error_set(err, ERROR_BUG, "encoder option '%s' was not taken", left->key);
    stage->run->video_codecs[video] = codec_string(stage->run->arena, encode->codec);
    return 0;
}

const AVCodecContext *encode_context(const struct stage *stage)
{
    const struct encode *encode = stage->state;
    return encode->codec;
}

static int receive_packets(struct stage *stage, struct error *err)
{
    struct encode *encode = stage->state;
    for (;;) {
        int r = avcodec_receive_packet(encode->codec, encode->packet);
        if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
            return 0;
        if (r < 0)
            return fail(encode, r, err);
        encode->packet->duration = 1;
        quality_add(&encode->quality, encode->packet);
        r = stage_send_packet(stage, encode->packet, err);
        av_packet_unref(encode->packet);
        if (r < 0)
            return -1;
    }
}

static int encode_process(struct stage *stage, struct item *item, struct error *err)
{
    struct encode *encode = stage->state;
    if (!item->frame)
        return 0;
    if (item->frame->pts % encode->video->gop_frames == 0)
        item->frame->pict_type = AV_PICTURE_TYPE_I; /* with forced-idr: an IDR */
    int r = avcodec_send_frame(encode->codec, item->frame);
    if (r < 0)
        return fail(encode, r, err);
    return receive_packets(stage, err);
}

static int encode_flush(struct stage *stage, struct error *err)
{
    struct encode *encode = stage->state;
    int r = avcodec_send_frame(encode->codec, NULL);
    if (r < 0 && r != AVERROR_EOF)
        return fail(encode, r, err);
    if (receive_packets(stage, err) < 0)
        return -1;
    *encode->attained = quality_finish(&encode->quality);
    return 0;
}

static void encode_release(struct stage *stage)
{
    struct encode *encode = stage->state;
    avcodec_free_context(&encode->codec);
    av_packet_free(&encode->packet);
}

const struct stage_kind encode_stage = {
    .name = "encode",
    .state_size = sizeof(struct encode),
    .process = encode_process,
    .flush = encode_flush,
    .release = encode_release,
};
