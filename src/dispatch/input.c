/* SPDX-License-Identifier: Apache-2.0 */
#include "dispatch/input.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <libavutil/pixdesc.h>

#include "base/macros.h"

/* The event's words for a codec are those of the settings, not those of Probe. */
static const struct {
    const char *codec, *name; /* FFmpeg's; the event's */
} codecs[] = {
    {"h264", "H_264"},    {"hevc", "H_265"}, {"mpeg2video", "MPEG2"}, {"mpeg1video", "MPEG1"},
    {"mpeg4", "MPEG4"},   {"vp8", "VP8"},    {"vp9", "VP9"},          {"av1", "AV1"},
    {"prores", "PRORES"}, {"aac", "AAC"},    {"ac3", "AC3"},          {"eac3", "EAC3"},
    {"mp3", "MP3"},
};

static void add_upper(cJSON *object, const char *name, const char *value)
{
    char upper[64];
    snprintf(upper, sizeof(upper), "%s", value);
    for (char *c = upper; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    cJSON_AddStringToObject(object, name, upper);
}

static void add_codec(cJSON *object, const struct probe_track *track)
{
    for (size_t i = 0; i < COUNT(codecs); i++) {
        if (!strcmp(codecs[i].codec, track->codec_name)) {
            cJSON_AddStringToObject(object, "codec", codecs[i].name);
            return;
        }
    }
    add_upper(object, "codec", !strcmp(track->codec, "UNKNOWN") ? track->codec_name : track->codec);
}

static void add_known(cJSON *object, const char *name, double value)
{
    if (value > 0)
        cJSON_AddNumberToObject(object, name, value);
}

/* Where the container has one that is text: MP4 does, MPEG-TS does not. */
static void add_four_cc(cJSON *object, uint32_t tag)
{
    char text[5] = {(char)tag, (char)(tag >> 8), (char)(tag >> 16), (char)(tag >> 24)};
    for (int i = 0; i < 4; i++)
        if (!isgraph((unsigned char)text[i]) && (text[i] != ' ' || !i))
            return;
    cJSON_AddStringToObject(object, "fourCC", text);
}

static const char *colour_format(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(format);
    if (!d || d->flags & AV_PIX_FMT_FLAG_RGB)
        return d ? "RGB" : "UNSPECIFIED";
    return !d->log2_chroma_w ? "YUV_444" : d->log2_chroma_h ? "YUV_420" : "YUV_422";
}

static int stream_id(const struct probe_track *track)
{
    return track->id > 0 ? track->id : track->index + 1;
}

static cJSON *video_to_json(const struct probe_track *track)
{
    cJSON *video = cJSON_CreateObject();
    bool progressive =
        track->field_order == AV_FIELD_PROGRESSIVE || track->field_order == AV_FIELD_UNKNOWN;
    AVRational sar = track->sar.num > 0 && track->sar.den > 0 ? track->sar : (AVRational){1, 1};
    char ratio[32];
    snprintf(ratio, sizeof(ratio), "%d:%d", sar.num, sar.den);

    add_known(video, "bitDepth", track->depth);
    add_codec(video, track);
    cJSON_AddStringToObject(video, "colorFormat", colour_format(track->format));
    add_four_cc(video, track->tag);
    if (track->frame_rate.den > 0)
        add_known(video, "frameRate", av_q2d(track->frame_rate));
    add_known(video, "height", track->height);
    cJSON_AddStringToObject(video, "interlaceMode", progressive ? "PROGRESSIVE" : "INTERLACED");
    cJSON_AddStringToObject(video, "sar", ratio);
    cJSON_AddStringToObject(video, "standard", "UNSPECIFIED");
    cJSON_AddNumberToObject(video, "streamId", stream_id(track));
    add_known(video, "width", track->width);
    return video;
}

static cJSON *audio_to_json(const struct probe_track *track)
{
    cJSON *audio = cJSON_CreateObject();
    add_known(audio, "channels", track->channels);
    add_codec(audio, track);
    add_upper(audio, "language", track->language ? track->language : "UND");
    add_known(audio, "sampleRate", track->sample_rate);
    cJSON_AddNumberToObject(audio, "streamId", stream_id(track));
    return audio;
}

cJSON *input_details(const struct probe *probe)
{
    cJSON *inputs = cJSON_CreateArray(), *input = cJSON_CreateObject();
    cJSON_AddItemToArray(inputs, input);
    cJSON_AddNumberToObject(input, "id", 1);
    cJSON_AddStringToObject(input, "uri", probe->uri);
    cJSON *audios = cJSON_AddArrayToObject(input, "audio");
    cJSON *videos = cJSON_AddArrayToObject(input, "video");
    for (int i = 0; i < probe->tracks_count; i++) {
        const struct probe_track *track = &probe->tracks[i];
        if (track->type == AVMEDIA_TYPE_VIDEO && !track->attached_picture)
            cJSON_AddItemToArray(videos, video_to_json(track));
        if (track->type == AVMEDIA_TYPE_AUDIO)
            cJSON_AddItemToArray(audios, audio_to_json(track));
    }
    return inputs;
}
