/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/display.h>
#include <libavutil/pixdesc.h>

#include "plan/compat.h"
#include "plan/container.h"

/* MediaConvert's Codec enum for FFmpeg's codec ids; what it has no word for is UNKNOWN there. */
static const struct {
    enum AVCodecID id;
    const char *name;
} codec_names[] = {
    {AV_CODEC_ID_AAC, "AAC"},
    {AV_CODEC_ID_AC3, "AC3"},
    {AV_CODEC_ID_EAC3, "EAC3"},
    {AV_CODEC_ID_FLAC, "FLAC"},
    {AV_CODEC_ID_MP3, "MP3"},
    {AV_CODEC_ID_OPUS, "OPUS"},
    {AV_CODEC_ID_VORBIS, "VORBIS"},
    {AV_CODEC_ID_AV1, "AV1"},
    {AV_CODEC_ID_H264, "AVC"},
    {AV_CODEC_ID_HEVC, "HEVC"},
    {AV_CODEC_ID_JPEG2000, "JPEG2000"},
    {AV_CODEC_ID_MJPEG, "MJPEG"},
    {AV_CODEC_ID_MPEG1VIDEO, "MPEG1"},
    {AV_CODEC_ID_MPEG4, "MP4V"},
    {AV_CODEC_ID_MPEG2VIDEO, "MPEG2"},
    {AV_CODEC_ID_PRORES, "PRORES"},
    {AV_CODEC_ID_QTRLE, "QTRLE"},
    {AV_CODEC_ID_THEORA, "THEORA"},
    {AV_CODEC_ID_RAWVIDEO, "UNCOMPRESSED"},
    {AV_CODEC_ID_VP8, "VP8"},
    {AV_CODEC_ID_VP9, "VP9"},
};

static const char *service_codec(enum AVCodecID id)
{
    for (size_t i = 0; i < COUNT(codec_names); i++)
        if (codec_names[i].id == id)
            return codec_names[i].name;
    if (id >= AV_CODEC_ID_FIRST_AUDIO && id < AV_CODEC_ID_ADPCM_IMA_QT)
        return "PCM";
    return "UNKNOWN";
}

/* "s3://b/dir/My film.v2.mp4" → "My film.v2" */
static const char *base_name(struct arena *arena, const char *uri)
{
    bool web = !strncmp(uri, "http://", 7) || !strncmp(uri, "https://", 8);
    if (web) // its query, a signature perhaps, is no part of its name
        uri = arena_strndup(arena, uri, strcspn(uri, "?#"));
    const char *slash = strrchr(uri, '/');
    const char *name = slash ? slash + 1 : uri;
    size_t length = strlen(name);
    const char *dot = memrchr(name, '.', length);
    if (dot && dot != name)
        length = (size_t)(dot - name);
    return arena_strndup(arena, name, length);
}

int64_t probe_time(int64_t time, AVRational base)
{
    static const int64_t most_us = 100 * 366 * 86400LL * 1000000;
    if (time == AV_NOPTS_VALUE || base.num <= 0 || base.den <= 0)
        return AV_NOPTS_VALUE;
    int64_t us = av_rescale_q(time, base, AV_TIME_BASE_Q); /* INT64_MIN where it does not fit */
    return us < -most_us || us > most_us ? AV_NOPTS_VALUE : us;
}

/* How far clockwise a player turns the picture, and whether it flips it. Oblique angles count as
 * the nearest quarter turn. */
static void read_rotation(const AVStream *stream, struct probe_track *track)
{
    const int32_t *matrix = compat_display_matrix(stream);
    if (!matrix)
        return;
    track->mirrored = (double)matrix[0] * matrix[4] - (double)matrix[1] * matrix[3] < 0;
    double angle = -av_display_rotation_get(matrix);
    if (isnan(angle) || fabs(angle - 90 * round(angle / 90)) > 1)
        return; /* "within one degree": what is oblique is not turned */
    track->rotation = ((int)lround(angle / 90) * 90 % 360 + 360) % 360;
}

static int program_of(const AVFormatContext *format, unsigned stream)
{
    for (unsigned i = 0; i < format->nb_programs; i++)
        for (unsigned k = 0; k < format->programs[i]->nb_stream_indexes; k++)
            if (format->programs[i]->stream_index[k] == stream)
                return format->programs[i]->program_num;
    return 0;
}

static const char *language_of(struct arena *arena, const AVStream *stream)
{
    const AVDictionaryEntry *tag = av_dict_get(stream->metadata, "language", NULL, 0);
    if (!tag || strlen(tag->value) != 3 || !strcmp(tag->value, "und"))
        return NULL;
    for (const char *c = tag->value; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')))
            return NULL;
    return arena_strdup(arena, tag->value);
}

static void read_video(const AVFormatContext *format, AVStream *stream, struct probe_track *track)
{
    const AVCodecParameters *par = stream->codecpar;
    track->width = par->width;
    track->height = par->height;
    track->sar = av_guess_sample_aspect_ratio((AVFormatContext *)format, stream, NULL);
    if (track->sar.num <= 0 || track->sar.den <= 0)
        track->sar = (AVRational){0, 1};
    track->format = par->format;
    const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get(par->format);
    track->depth = pixels ? pixels->comp[0].depth : 0;
    track->range = par->color_range;
    track->primaries = par->color_primaries;
    track->transfer = par->color_trc;
    track->matrix = par->color_space;
    track->field_order = par->field_order;
    read_rotation(stream, track);
}

/* WebM is Matroska with these codecs only. */
static bool is_webm(const AVFormatContext *format)
{
    for (unsigned i = 0; i < format->nb_streams; i++) {
        switch (format->streams[i]->codecpar->codec_id) {
        case AV_CODEC_ID_VP8:
        case AV_CODEC_ID_VP9:
        case AV_CODEC_ID_AV1:
        case AV_CODEC_ID_VORBIS:
        case AV_CODEC_ID_OPUS:
            break;
        default:
            return false;
        }
    }
    return format->nb_streams > 0;
}

struct probe *probe_streams(struct arena *arena, const AVFormatContext *format, const char *uri,
                            const struct object_info *object)
{
    struct probe *probe = ARENA_NEW(arena, struct probe);
    const AVDictionaryEntry *brand = av_dict_get(format->metadata, "major_brand", NULL, 0);
    probe->uri = arena_strdup(arena, uri);
    probe->name = base_name(arena, uri);
    probe->format_name = arena_strdup(arena, format->iformat->name);
    probe->format = container_service_name(format->iformat->name, brand ? brand->value : NULL);
    if (!strcmp(probe->format, "matroska") && is_webm(format))
        probe->format = "webm";
    probe->bytes = object->bytes;
    probe->object = *object;
    int64_t all = probe_time(format->duration, AV_TIME_BASE_Q);
    probe->duration_us = all > 0 ? all : 0;
    probe->tracks_count = (int)format->nb_streams;
    probe->tracks = ARENA_ARRAY(arena, struct probe_track, format->nb_streams);

    for (unsigned i = 0; i < format->nb_streams; i++) {
        AVStream *stream = format->streams[i];
        const AVCodecParameters *par = stream->codecpar;
        struct probe_track *track = &probe->tracks[i];
        track->index = (int)i;
        track->id = stream->id;
        track->type = par->codec_type;
        track->codec = service_codec(par->codec_id);
        track->codec_name = avcodec_get_name(par->codec_id);
        track->tag = par->codec_tag;
        track->decodable = avcodec_find_decoder(par->codec_id) != NULL;
        track->language = language_of(arena, stream);
        track->start_us = probe_time(stream->start_time, stream->time_base);
        int64_t duration = probe_time(stream->duration, stream->time_base);
        track->duration_us = duration > 0 ? duration : 0;
        track->bitrate = par->bit_rate;
        track->attached_picture = stream->disposition & AV_DISPOSITION_ATTACHED_PIC;
        track->program = program_of(format, i);
        if (par->codec_type == AVMEDIA_TYPE_VIDEO)
            read_video(format, stream, track);
        if (par->codec_type == AVMEDIA_TYPE_AUDIO) {
            track->sample_rate = par->sample_rate;
            track->channels = par->ch_layout.nb_channels;
            track->depth = par->bits_per_raw_sample;
        }
    }
    return probe;
}

static bool believable(AVRational rate)
{
    return rate.num > 0 && rate.den > 0 && av_cmp_q(rate, (AVRational){120, 1}) <= 0 &&
           av_cmp_q(rate, (AVRational){1, 1}) >= 0;
}

AVRational probe_declared_rate(const AVStream *stream)
{
    if (believable(stream->avg_frame_rate))
        return stream->avg_frame_rate;
    if (believable(stream->r_frame_rate))
        return stream->r_frame_rate;
    return (AVRational){0, 1};
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

AVRational probe_measured_rate(int64_t *timestamps, int count)
{
    static const AVRational fallback = {25, 1}; /* nothing to go by: what demuxers assume, too */
    if (count < 2)
        return fallback;
    qsort(timestamps, (size_t)count, sizeof(*timestamps), compare_times);
    int64_t gaps[256];
    int gaps_count = 0;
    for (int i = 1; i < count && gaps_count < (int)COUNT(gaps); i++)
        if (timestamps[i] > timestamps[i - 1] &&
            !__builtin_sub_overflow(timestamps[i], timestamps[i - 1], &gaps[gaps_count]))
            gaps_count++;
    if (!gaps_count)
        return fallback;
    qsort(gaps, (size_t)gaps_count, sizeof(*gaps), compare_times);
    double rate = 1e6 / (double)gaps[gaps_count / 2];
    return av_d2q(fmin(fmax(rate, 1), 120), 1001000);
}

AVRational probe_standard_rate(AVRational rate)
{
    static const AVRational standard[] = {
        {24000, 1001}, {24, 1}, {25, 1},       {30000, 1001}, {30, 1},  {48000, 1001},
        {48, 1},       {50, 1}, {60000, 1001}, {60, 1},       {100, 1}, {120000, 1001},
        {120, 1},      {15, 1}, {15000, 1001}, {12, 1},       {10, 1},
    };
    double value = av_q2d(rate), best = 0.01;
    AVRational nearest = rate;
    for (size_t i = 0; i < COUNT(standard); i++) {
        double off = fabs(av_q2d(standard[i]) / value - 1);
        if (off < best) {
            best = off;
            nearest = standard[i];
        }
    }
    /* An average such as 2997003/100000 must not make time bases that overflow. */
    av_reduce(&nearest.num, &nearest.den, nearest.num, nearest.den, 1001000);
    return nearest;
}
