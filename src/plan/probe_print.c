/* SPDX-License-Identifier: Apache-2.0 */
/* A probe in the shape of MediaConvert's Probe operation, and as a table for people. */
#include <string.h>

#include <cjson/cJSON.h>
#include <libavutil/avutil.h>
#include <libavutil/pixdesc.h>

#include "base/text.h"
#include "plan/probe.h"

/* The service's enums for colour are not FFmpeg's names; what it has no word for is UNSPECIFIED. */
struct name {
    int value;
    const char *name;
};

static const struct name primaries[] = {
    {AVCOL_PRI_BT709, "ITU_709"},        {AVCOL_PRI_BT470M, "ITU_470M"},
    {AVCOL_PRI_BT470BG, "ITU_470BG"},    {AVCOL_PRI_SMPTE170M, "SMPTE_170M"},
    {AVCOL_PRI_SMPTE240M, "SMPTE_240M"}, {AVCOL_PRI_FILM, "GENERIC_FILM"},
    {AVCOL_PRI_BT2020, "ITU_2020"},      {AVCOL_PRI_SMPTE428, "SMPTE_428_1"},
    {AVCOL_PRI_SMPTE431, "SMPTE_431_2"}, {AVCOL_PRI_SMPTE432, "SMPTE_EG_432_1"},
    {AVCOL_PRI_EBU3213, "EBU_3213_E"},
};
static const struct name transfers[] = {
    {AVCOL_TRC_BT709, "ITU_709"},
    {AVCOL_TRC_GAMMA22, "ITU_470M"},
    {AVCOL_TRC_GAMMA28, "ITU_470BG"},
    {AVCOL_TRC_SMPTE170M, "SMPTE_170M"},
    {AVCOL_TRC_SMPTE240M, "SMPTE_240M"},
    {AVCOL_TRC_LINEAR, "LINEAR"},
    {AVCOL_TRC_IEC61966_2_1, "IEC_61966_2_1"},
    {AVCOL_TRC_BT2020_10, "ITU_2020_10bit"},
    {AVCOL_TRC_BT2020_12, "ITU_2020_12bit"},
    {AVCOL_TRC_SMPTE2084, "SMPTE_2084"},
    {AVCOL_TRC_SMPTE428, "SMPTE_428_1"},
    {AVCOL_TRC_ARIB_STD_B67, "ARIB_B67"},
};
static const struct name matrices[] = {
    {AVCOL_SPC_RGB, "RGB"},
    {AVCOL_SPC_BT709, "ITU_709"},
    {AVCOL_SPC_FCC, "FCC"},
    {AVCOL_SPC_BT470BG, "ITU_470BG"},
    {AVCOL_SPC_SMPTE170M, "SMPTE_170M"},
    {AVCOL_SPC_SMPTE240M, "SMPTE_240M"},
    {AVCOL_SPC_YCGCO, "YCgCo"},
    {AVCOL_SPC_BT2020_NCL, "ITU_2020_NCL"},
    {AVCOL_SPC_BT2020_CL, "ITU_2020_CL"},
    {AVCOL_SPC_ICTCP, "ITU_2100ICtCp"},
};

static const char *find(const struct name *names, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].value == value)
            return names[i].name;
    return "UNSPECIFIED";
}

static void add_ratio(cJSON *object, const char *name, AVRational ratio)
{
    if (!ratio.num || !ratio.den)
        return;
    cJSON *item = cJSON_AddObjectToObject(object, name);
    cJSON_AddNumberToObject(item, "numerator", ratio.num);
    cJSON_AddNumberToObject(item, "denominator", ratio.den);
}

static void add_known(cJSON *object, const char *name, double value)
{
    if (value > 0)
        cJSON_AddNumberToObject(object, name, value);
}

static void add_video(cJSON *object, const struct probe_track *track)
{
    cJSON *video = cJSON_AddObjectToObject(object, "videoProperties");
    AVRational sar = track->sar.num ? track->sar : (AVRational){1, 1}, dar;
    av_reduce(&dar.num, &dar.den, (int64_t)track->width * sar.num, (int64_t)track->height * sar.den,
              65535);
    add_known(video, "bitDepth", track->depth);
    add_known(video, "bitRate", (double)track->bitrate);
    cJSON_AddStringToObject(video, "colorPrimaries",
                            find(primaries, COUNT(primaries), (int)track->primaries));
    add_ratio(video, "displayAspectRatio", dar);
    add_ratio(video, "frameRate", track->frame_rate);
    add_known(video, "height", track->height);
    cJSON_AddStringToObject(video, "matrixCoefficients",
                            find(matrices, COUNT(matrices), (int)track->matrix));
    cJSON_AddNumberToObject(video, "rotation", track->rotation);
    add_ratio(video, "sampleAspectRatio", sar);
    cJSON_AddStringToObject(video, "transferCharacteristics",
                            find(transfers, COUNT(transfers), (int)track->transfer));
    add_known(video, "width", track->width);
}

static void add_audio(cJSON *object, const struct probe_track *track)
{
    cJSON *audio = cJSON_AddObjectToObject(object, "audioProperties");
    add_known(audio, "bitDepth", track->depth);
    add_known(audio, "bitRate", (double)track->bitrate);
    add_known(audio, "channels", track->channels);
    if (track->language)
        cJSON_AddStringToObject(audio, "languageCode", track->language);
    add_known(audio, "sampleRate", track->sample_rate);
}

static cJSON *track_to_json(const struct probe_track *track)
{
    bool video = track->type == AVMEDIA_TYPE_VIDEO && !track->attached_picture,
         audio = track->type == AVMEDIA_TYPE_AUDIO;
    cJSON *object = cJSON_CreateObject();
    if (video)
        add_video(object, track);
    else if (audio)
        add_audio(object, track);
    else if (track->language)
        cJSON_AddStringToObject(cJSON_AddObjectToObject(object, "dataProperties"), "languageCode",
                                track->language);
    cJSON_AddStringToObject(object, "codec", track->codec);
    add_known(object, "duration", (double)track->duration_us / 1e6);
    cJSON_AddNumberToObject(object, "index", track->index + 1);
    cJSON_AddStringToObject(object, "trackType", video ? "video" : audio ? "audio" : "data");
    return object;
}

static void add_mapping(cJSON *mapping, const char *name, const struct probe *probe,
                        enum AVMediaType type)
{
    cJSON *list = cJSON_AddArrayToObject(mapping, name);
    for (int i = 0; i < probe->tracks_count; i++) {
        enum AVMediaType is = probe->tracks[i].type;
        if (probe->tracks[i].attached_picture ||
            (is != AVMEDIA_TYPE_VIDEO && is != AVMEDIA_TYPE_AUDIO))
            is = AVMEDIA_TYPE_DATA;
        if (is == type)
            cJSON_AddItemToArray(list, cJSON_CreateNumber(i + 1));
    }
}

cJSON *probe_to_json(const struct probe *probe)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *container = cJSON_AddObjectToObject(object, "container");
    double seconds = (double)probe->duration_us / 1e6;
    add_known(container, "bitRate",
              seconds > 0 ? (double)(int64_t)((double)probe->bytes * 8 / seconds) : 0);
    add_known(container, "duration", seconds);
    cJSON_AddStringToObject(container, "format", probe->format);
    cJSON *tracks = cJSON_AddArrayToObject(container, "tracks");
    for (int i = 0; i < probe->tracks_count; i++)
        cJSON_AddItemToArray(tracks, track_to_json(&probe->tracks[i]));

    cJSON *metadata = cJSON_AddObjectToObject(object, "metadata");
    cJSON_AddStringToObject(metadata, "eTag", probe->object.etag);
    cJSON_AddNumberToObject(metadata, "fileSize", (double)probe->bytes);
    cJSON_AddNumberToObject(metadata, "lastModified",
                            (double)(probe->object.modified_us / 1000000));
    if (probe->object.content_type[0])
        cJSON_AddStringToObject(metadata, "mimeType", probe->object.content_type);

    cJSON *mapping = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(object, "trackMappings"), mapping);
    add_mapping(mapping, "audioTrackIndexes", probe, AVMEDIA_TYPE_AUDIO);
    add_mapping(mapping, "dataTrackIndexes", probe, AVMEDIA_TYPE_DATA);
    add_mapping(mapping, "videoTrackIndexes", probe, AVMEDIA_TYPE_VIDEO);
    return object;
}

void probe_print(const struct probe *probe, struct text *out)
{
    char duration[32], bytes[32], bitrate[32];
    text_add_printable(out, probe->uri, strlen(probe->uri));
    text_add(out, ": %s, %s, %s\n", probe->format, text_duration(probe->duration_us, duration),
             text_bytes(probe->bytes, bytes));
    for (int i = 0; i < probe->tracks_count; i++) {
        const struct probe_track *track = &probe->tracks[i];
        text_add(out, "  track %d: %s", i + 1, track->codec_name);
        if (track->type == AVMEDIA_TYPE_VIDEO) {
            const char *format = av_get_pix_fmt_name(track->format);
            text_add(out, ", %dx%d, %s, %.3f fps", track->width, track->height,
                     format ? format : "unknown pixels",
                     track->frame_rate.num ? av_q2d(track->frame_rate) : 0);
            if (track->sar.num && track->sar.num != track->sar.den)
                text_add(out, ", pixels %d:%d", track->sar.num, track->sar.den);
            if (track->rotation)
                text_add(out, ", to be turned by %d degrees", track->rotation);
        } else if (track->type == AVMEDIA_TYPE_AUDIO) {
            text_add(out, ", %d Hz, %d channel%s", track->sample_rate, track->channels,
                     track->channels == 1 ? "" : "s");
        } else {
            text_add(out, ", data");
        }
        if (track->bitrate > 0)
            text_add(out, ", %s", text_bitrate((double)track->bitrate, bitrate));
        if (track->language) {
            text_add(out, ", ");
            text_add_printable(out, track->language, strlen(track->language));
        }
        if (!track->decodable &&
            (track->type == AVMEDIA_TYPE_VIDEO || track->type == AVMEDIA_TYPE_AUDIO))
            text_add(out, ", cannot be decoded here");
        text_add(out, "\n");
    }
}
