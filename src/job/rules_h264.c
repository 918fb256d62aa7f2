/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of H.264 alone. */
#include <math.h>

#include "job/rules.h"

enum { MACROBLOCK = 16 };

/* All that the service says when it meets CABAC in BASELINE. */
static void refuse_baseline(const struct scope *scope)
{
    const struct place *place = &scope->h264->place;
    refuse(scope, place, "CodecProfile",
           "Should match all dependencies: See other errors for more details");
    refuse(scope, place, NULL, "Should match exactly one schema defined in \"oneOf\"");
    refuse(scope, place, "EntropyEncoding", "Must be CAVLC");
    refuse_also(scope, place, "CodecProfile",
                "Should be equal to one of the allowed values in "
                "[\"HIGH\",\"HIGH_10BIT\",\"HIGH_422\",\"HIGH_422_10BIT\",\"MAIN\"]");
}

void rule_baseline(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    if (h->CodecProfile != H264_CODEC_PROFILE_BASELINE)
        return;
    if (h->has_EntropyEncoding && h->EntropyEncoding != H264_ENTROPY_ENCODING_CAVLC)
        refuse_baseline(scope);
    if (h->NumberBFramesBetweenReferenceFrames > 0)
        warn(scope, &h->place, "NumberBFramesBetweenReferenceFrames",
             "Is ignored: BASELINE has no B-frames");
}

void rule_softness(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    bool low = h->CodecProfile == H264_CODEC_PROFILE_BASELINE ||
               h->CodecProfile == H264_CODEC_PROFILE_MAIN;
    if (h->Softness > 16)
        warn(scope, &h->place, "Softness",
             "Is ignored: of the softer matrices only 1 and 16 can be written");
    else if (h->Softness && low)
        warn(scope, &h->place, "Softness", "Is ignored: quantizer matrices need a HIGH profile");
}

void rule_manual_quantization(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    if (h->AdaptiveQuantization != H264_ADAPTIVE_QUANTIZATION_AUTO)
        return;
    static const char *const why = "Is not read: adaptiveQuantization is AUTO";
    if (h->has_SpatialAdaptiveQuantization)
        warn(scope, &h->place, "SpatialAdaptiveQuantization", "%s", why);
    if (h->has_TemporalAdaptiveQuantization)
        warn(scope, &h->place, "TemporalAdaptiveQuantization", "%s", why);
    if (h->has_FlickerAdaptiveQuantization)
        warn(scope, &h->place, "FlickerAdaptiveQuantization", "%s", why);
}

static int64_t macroblocks(int64_t pixels)
{
    return (pixels + MACROBLOCK - 1) / MACROBLOCK;
}

/* What a level allows: Table A-1 of the H.264 standard. */
struct level {
    int64_t macroblocks_per_second, macroblocks, rate,
        buffer; /* the last two in units of the profile */
};

static const struct level levels[] = {
    [H264_CODEC_LEVEL_LEVEL_1] = {1485, 99, 64, 175},
    [H264_CODEC_LEVEL_LEVEL_1_1] = {3000, 396, 192, 500},
    [H264_CODEC_LEVEL_LEVEL_1_2] = {6000, 396, 384, 1000},
    [H264_CODEC_LEVEL_LEVEL_1_3] = {11880, 396, 768, 2000},
    [H264_CODEC_LEVEL_LEVEL_2] = {11880, 396, 2000, 2000},
    [H264_CODEC_LEVEL_LEVEL_2_1] = {19800, 792, 4000, 4000},
    [H264_CODEC_LEVEL_LEVEL_2_2] = {20250, 1620, 4000, 4000},
    [H264_CODEC_LEVEL_LEVEL_3] = {40500, 1620, 10000, 10000},
    [H264_CODEC_LEVEL_LEVEL_3_1] = {108000, 3600, 14000, 14000},
    [H264_CODEC_LEVEL_LEVEL_3_2] = {216000, 5120, 20000, 20000},
    [H264_CODEC_LEVEL_LEVEL_4] = {245760, 8192, 20000, 25000},
    [H264_CODEC_LEVEL_LEVEL_4_1] = {245760, 8192, 50000, 62500},
    [H264_CODEC_LEVEL_LEVEL_4_2] = {522240, 8704, 50000, 62500},
    [H264_CODEC_LEVEL_LEVEL_5] = {589824, 22080, 135000, 135000},
    [H264_CODEC_LEVEL_LEVEL_5_1] = {983040, 36864, 240000, 240000},
    [H264_CODEC_LEVEL_LEVEL_5_2] = {2073600, 36864, 240000, 240000},
};

/* Bits in a level's unit of rate and buffer, headers included: cpbBrNalFactor of Table A-2. */
static int64_t unit_bits(enum h264_codec_profile profile)
{
    static const int factors[] = {
        [H264_CODEC_PROFILE_BASELINE] = 1200, [H264_CODEC_PROFILE_MAIN] = 1200,
        [H264_CODEC_PROFILE_HIGH] = 1500,     [H264_CODEC_PROFILE_HIGH_10BIT] = 3600,
        [H264_CODEC_PROFILE_HIGH_422] = 4800, [H264_CODEC_PROFILE_HIGH_422_10BIT] = 4800,
    };
    return factors[profile];
}

/* A level bounds the area, each side, and how many macroblocks there are in a second. */
static void check_level_size(const struct scope *scope, const struct level *level)
{
    const struct video_description *v = scope->video;
    const struct h264_settings *h = scope->h264;
    int64_t side = (int64_t)sqrt(8.0 * (double)level->macroblocks) * MACROBLOCK;
    int64_t columns = macroblocks(v->Width), rows = macroblocks(v->Height);
    limit(scope, &v->place, "Width", v->Width, side);
    limit(scope, &v->place, "Height", v->Height, side);
    if (!columns || !rows || v->Width > side || v->Height > side)
        return;
    limit(scope, &v->place, "Height", v->Height, level->macroblocks / columns * MACROBLOCK);

    bool specified = h->FramerateControl == H264_FRAMERATE_CONTROL_SPECIFIED;
    double frames = specified && h->FramerateDenominator
                        ? (double)h->FramerateNumerator / (double)h->FramerateDenominator
                        : 0;
    double most = (double)level->macroblocks_per_second / (double)(columns * rows);
    if (frames > most)
        refuse(scope, &h->place, "CodecLevel",
               "Allows %.4g frames per second at this size, not %.4g", most, frames);
}

void rule_level(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    if (h->CodecLevel == H264_CODEC_LEVEL_AUTO)
        return;
    const struct level *level = &levels[h->CodecLevel];
    int64_t unit = unit_bits(h->CodecProfile);
    limit(scope, &h->place, "MaxBitrate", h->MaxBitrate, level->rate * unit);
    limit(scope, &h->place, "Bitrate", h->Bitrate, level->rate * unit);
    limit(scope, &h->place, "HrdBufferSize", h->HrdBufferSize, level->buffer * unit);
    check_level_size(scope, level);
}
