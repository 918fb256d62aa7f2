/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the picture and of H.264. */
#include <math.h>

#include "job/rules.h"

enum { MACROBLOCK = 16 };

void rule_video_codec_settings(const struct scope *scope)
{
    const struct video_codec_settings *s = scope->video->CodecSettings;
    if (!s || !s->has_Codec)
        return;
    if (s->Codec == VIDEO_CODEC_H_264 && !s->has_H264Settings)
        require(scope, &s->place, "H264Settings");
    if (s->Codec == VIDEO_CODEC_FRAME_CAPTURE && !s->has_FrameCaptureSettings)
        require(scope, &s->place, "FrameCaptureSettings");
    if (s->Codec != VIDEO_CODEC_H_264 && s->has_H264Settings)
        refuse(scope, &s->place, "Codec", "Must be H_264");
    if (s->Codec != VIDEO_CODEC_FRAME_CAPTURE && s->has_FrameCaptureSettings)
        refuse(scope, &s->place, "Codec", "Must be FRAME_CAPTURE");
}

void rule_even_size(const struct scope *scope)
{
    const struct video_description *v = scope->video;
    bool odd_width = v->Width % 2, odd_height = v->Height % 2;
    const char *member = odd_width ? "Width" : "Height";
    if (!odd_width && !odd_height)
        return;
    if (v->Width && v->Height)
        refuse(scope, &v->place, member,
               "Invalid resolution [%lld x %lld], only even values are supported.",
               (long long)v->Width, (long long)v->Height);
    else
        refuse(scope, &v->place, member,
               "Invalid resolution [%lld], only even values are supported.",
               (long long)(odd_width ? v->Width : v->Height));
}

void rule_largest_size(const struct scope *scope)
{
    const int64_t long_side = 4096, short_side = 2160;
    const struct video_description *v = scope->video;
    int64_t longest = v->Width > v->Height ? v->Width : v->Height;
    int64_t shortest = v->Width < v->Height ? v->Width : v->Height;
    if (longest > long_side)
        refuse(scope, &v->place, v->Width == longest ? "Width" : "Height",
               "Should be less than or equal to %lld", (long long)long_side);
    if (shortest > short_side)
        refuse(scope, &v->place, v->Width == shortest ? "Width" : "Height",
               "Should be less than or equal to %lld", (long long)short_side);
}

void rule_rate_control(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    bool qvbr = h->RateControlMode == H264_RATE_CONTROL_MODE_QVBR;
    bool cbr = h->RateControlMode == H264_RATE_CONTROL_MODE_CBR;
    if ((qvbr && h->has_Bitrate) || (cbr && h->has_MaxBitrate)) {
        refuse(scope, &h->place, NULL, /* the service's own words */
               "Your job contains values for the following settings that are incompatible: Rate "
               "control mode, Bitrate, and Max bitrate. Adjust your settings and resubmit your "
               "job. Some valid combinations of settings are these: Set Rate control mode to "
               "QVBR, specify a value for Max bitrate, and don't specify a value for Bitrate. Or, "
               "set Rate control mode to CBR, specify a value for Bitrate, and don't specify a "
               "value for Max bitrate.");
        return;
    }
    if (qvbr && !h->has_MaxBitrate)
        require(scope, &h->place, "MaxBitrate");
    if (!qvbr && !h->has_Bitrate)
        require(scope, &h->place, "Bitrate");
    if (!qvbr && h->MaxBitrate && h->MaxBitrate < h->Bitrate)
        refuse(scope, &h->place, "MaxBitrate",
               "Should be greater than or equal to %lld, the bitrate", (long long)h->Bitrate);
}

void rule_qvbr_settings(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    const struct h264_qvbr_settings *qvbr = h->QvbrSettings;
    if (h->has_QvbrSettings && h->RateControlMode != H264_RATE_CONTROL_MODE_QVBR)
        warn(scope, &h->place, "QvbrSettings", "Is not read: rateControlMode is not QVBR");
    else if (qvbr->has_QvbrQualityLevelFineTune && !qvbr->has_QvbrQualityLevel)
        warn(scope, &qvbr->place, "QvbrQualityLevelFineTune",
             "Is not read: qvbrQualityLevel is left out");
}

/* A fraction that is needed where its control is SPECIFIED, and not read where it is not. */
static void check_fraction(const struct scope *scope, bool specified, const char *control,
                           const char *member, bool given)
{
    const struct place *place = &scope->h264->place;
    if (specified && !given)
        require(scope, place, member);
    if (!specified && given)
        warn(scope, place, member, "Is not read: %s is not SPECIFIED", control);
}

void rule_pixel_aspect(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    bool specified = h->ParControl == H264_PAR_CONTROL_SPECIFIED;
    check_fraction(scope, specified, "parControl", "ParNumerator", h->has_ParNumerator);
    check_fraction(scope, specified, "parControl", "ParDenominator", h->has_ParDenominator);
}

void rule_frame_rate(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    bool specified = h->FramerateControl == H264_FRAMERATE_CONTROL_SPECIFIED;
    check_fraction(scope, specified, "framerateControl", "FramerateNumerator",
                   h->has_FramerateNumerator);
    check_fraction(scope, specified, "framerateControl", "FramerateDenominator",
                   h->has_FramerateDenominator);
}

void rule_gop_size(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    if (h->GopSizeUnits == H264_GOP_SIZE_UNITS_AUTO) {
        if (h->has_GopSize)
            warn(scope, &h->place, "GopSize", "Is read where gopSizeUnits is FRAMES or SECONDS");
        return;
    }
    if (!h->has_GopSize)
        require(scope, &h->place, "GopSize");
    else if (h->GopSize == 0)
        refuse(scope, &h->place, "GopSize", "Should be greater than 0");
    else if (h->GopSizeUnits == H264_GOP_SIZE_UNITS_FRAMES && h->GopSize != floor(h->GopSize))
        refuse(scope, &h->place, "GopSize", "Should be integer: gopSizeUnits is FRAMES");
}

void rule_baseline(const struct scope *scope)
{
    const struct h264_settings *h = scope->h264;
    if (h->CodecProfile != H264_CODEC_PROFILE_BASELINE)
        return;
    if (h->has_EntropyEncoding && h->EntropyEncoding != H264_ENTROPY_ENCODING_CAVLC)
        refuse(scope, &h->place, "EntropyEncoding", "Must be CAVLC");
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

static int64_t macroblocks(int64_t pixels)
{
    return (pixels + MACROBLOCK - 1) / MACROBLOCK;
}

void rule_slices(const struct scope *scope)
{
    int64_t rows = macroblocks(scope->video->Height);
    if (rows && scope->h264->Slices > rows)
        refuse(scope, &scope->h264->place, "Slices",
               "Should be less than or equal to %lld, the rows of macroblocks", (long long)rows);
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

static void limit(const struct scope *scope, const struct place *place, const char *member,
                  int64_t value, int64_t most)
{
    if (value > most)
        refuse(scope, place, member, "Should be less than or equal to %lld", (long long)most);
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
    double frames = h->FramerateDenominator
                        ? (double)h->FramerateNumerator / (double)h->FramerateDenominator
                        : 0;
    double most = (double)level->macroblocks_per_second / (double)(columns * rows);
    if (specified && frames > most)
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
