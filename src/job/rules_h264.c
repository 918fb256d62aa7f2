/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of H.264 alone. */
#include <math.h>

#include "job/rules.h"

enum { MACROBLOCK = 16 };

/* BASELINE has neither CABAC nor B-frames, and the service wants both to be said. All that it
 * answers where they are not; of the two, the first. */
void rule_baseline(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    const struct place *place = &h->place;
    bool cavlc = h->has_EntropyEncoding && h->EntropyEncoding == H264_ENTROPY_ENCODING_CAVLC;
    bool plain =
        h->has_NumberBFramesBetweenReferenceFrames && h->NumberBFramesBetweenReferenceFrames == 0;
    if (h->CodecProfile != H264_CODEC_PROFILE_BASELINE || (cavlc && plain))
        return;
    findings_begin_chain(scope->findings);
    refuse(scope, place, "CodecProfile",
           "Should match all dependencies: See other errors for more details");
    refuse(scope, place, NULL, "Should match exactly one schema defined in \"oneOf\"");
    if (!h->has_EntropyEncoding)
        require(scope, place, "EntropyEncoding");
    else if (!cavlc)
        refuse(scope, place, "EntropyEncoding", "Must be CAVLC");
    else if (!h->has_NumberBFramesBetweenReferenceFrames)
        require(scope, place, "NumberBFramesBetweenReferenceFrames");
    else
        limit(scope, place, "NumberBFramesBetweenReferenceFrames",
              h->NumberBFramesBetweenReferenceFrames, 0);
    refuse_also(scope, place, "CodecProfile",
                "Should be equal to one of the allowed values in "
                "[\"HIGH\",\"HIGH_10BIT\",\"HIGH_422\",\"HIGH_422_10BIT\",\"MAIN\"]");
    findings_end_chain(scope->findings);
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

/* The service bounds the width alone: by the longest side, by the area that the height leaves, and
 * by the macroblocks in a second. Seen in answers of CreateJob. */
static void check_level_size(const struct scope *scope, const struct level *level)
{
    const struct video_description *v = scope->video;
    int64_t rows = macroblocks(v->Height);
    bool specified = scope->h264->FramerateControl == H264_FRAMERATE_CONTROL_SPECIFIED &&
                     scope->h264->FramerateDenominator;
    double rate = specified ? (double)scope->h264->FramerateNumerator /
                                  (double)scope->h264->FramerateDenominator
                            : 0;
    limit(scope, &v->place, "Width", v->Width,
          (int64_t)sqrt(8.0 * (double)level->macroblocks) * MACROBLOCK);
    if (!rows)
        return;
    limit(scope, &v->place, "Width", v->Width, level->macroblocks / rows * MACROBLOCK);
    if (rate > 0)
        limit(scope, &v->place, "Width", v->Width,
              (int64_t)((double)level->macroblocks_per_second / rate / (double)rows) * MACROBLOCK);
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
